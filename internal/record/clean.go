package record

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// clean escapes in all texts of a value what a terminal might obey or would not show:
// whoever wrote a file must not write on the reader's screen.
func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(Printable(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			clean(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.Map:
		cleanMap(v)
	}
}

func cleanMap(m reflect.Value) {
	for _, key := range m.MapKeys() {
		value := reflect.New(m.Type().Elem()).Elem()
		value.Set(m.MapIndex(key))
		clean(value)
		m.SetMapIndex(key, reflect.Value{})
		m.SetMapIndex(reflect.ValueOf(Printable(key.String())), value)
	}
}

// Printable escapes all of a text that is neither printable nor a blank, as Go's literals
// do: control bytes, marks that turn the direction of writing, bytes that are not UTF-8.
func Printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for i, width := 0, 0; i < len(text); i += width {
		var c rune
		c, width = utf8.DecodeRuneInString(text[i:])
		switch {
		case c == utf8.RuneError && width == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unicode.IsPrint(c):
			b.WriteRune(c)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return b.String()
}

// unprintable reports whether a rune may be one to escape: of a byte that is not UTF-8
// ranging over a text makes a RuneError.
func unprintable(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }

// EscapeJSON escapes in JSON, of which the meaning stays the same, what a terminal obeys and
// what CI systems take for a command wherever it stands, such as ##vso[task.complete].
func EscapeJSON(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("##"), []byte(`#\u0023`))
	hidden := func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }
	if bytes.IndexFunc(text, hidden) < 0 {
		return text
	}
	var b bytes.Buffer
	for _, c := range string(text) { // JSON has these in strings only
		if !hidden(c) {
			b.WriteRune(c)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, c) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.Bytes()
}
