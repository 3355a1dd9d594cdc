package record

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the schema anew")

const schemaFile = "../../docs/run.schema.json"

// enums are the values that some fields have, by type and field.
var enums = map[string][]any{
	"Run.schema":        {Schema},
	"Config.proto":      {"", "text", "echo"},
	"Config.transport":  {"", "tcp"},
	"Config.mode":       {"", Closed, Open},
	"Config.timestamps": {"", KernelTime, UserTime},
	"Clock.relation":    {Same, Consistent, Corrected, Asserted, Mixed},
	"Change.kind":       {ClockStep, ClockSlew, HostStep, ForwardFloor, ReverseFloor},
	"Validity.verdict":  {Valid, GeneratorLimited, Invalid},
	"Overlap.kind":      {Together, Staggered, Sequential},
	"Search.limit":      {ByServer, ByGenerator, ByMax, ByEnd},
	"Step.failure":      {Missed, Behind, Untrusted},
	"Precision.metric":  {Response, RTT},
	"Config.arrivals":   {"constant", "poisson"},
	"Config.engine":     {"", "epoll", "portable"},
}

// schemer makes the schema of the package's types.
type schemer struct {
	docs map[string]string // of types, and of their fields as Type.Field
	defs map[string]any
}

type object = map[string]any

// of returns the schema of a type.
func (s *schemer) of(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem())
	case t.Kind() == reflect.Struct:
		s.define(t)
		return object{"$ref": "#/$defs/" + t.Name()}
	case t.Kind() == reflect.Slice:
		return object{"type": []string{"array"}, "items": s.of(t.Elem())}
	case t.Kind() == reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case t.Kind() == reflect.String:
		return object{"type": "string"}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "integer"}
}

// define adds the definition of a struct.
func (s *schemer) define(t reflect.Type) {
	if _, done := s.defs[t.Name()]; done {
		return
	}
	properties, required := object{}, []string{}
	def := object{"type": "object", "description": s.docs[t.Name()], "properties": properties}
	s.defs[t.Name()] = def
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := s.of(f.Type)
		if doc := s.docs[t.Name()+"."+f.Name]; doc != "" {
			p["description"] = doc
		}
		if values := enums[t.Name()+"."+name]; values != nil {
			p["enum"] = values
		}
		properties[name] = p
		if options == "" {
			required = append(required, name)
		}
	}
	def["required"] = required
}

// readDocs reads the comments of the package.
func readDocs(t *testing.T) map[string]string {
	docs := map[string]string{}
	text := func(groups ...*ast.CommentGroup) string {
		for _, g := range groups {
			if g != nil {
				return strings.Join(strings.Fields(g.Text()), " ")
			}
		}
		return ""
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			d, ok := n.(*ast.GenDecl)
			if !ok || d.Tok != token.TYPE {
				return true
			}
			spec := d.Specs[0].(*ast.TypeSpec)
			docs[spec.Name.Name] = text(d.Doc)
			if st, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range st.Fields.List {
					for _, id := range f.Names {
						docs[spec.Name.Name+"."+id.Name] = text(f.Doc, f.Comment)
					}
				}
			}
			return false
		})
	}
	return docs
}

// TestSchemaIsThatOfTheTypes holds the published schema to the types and their comments.
func TestSchemaIsThatOfTheTypes(t *testing.T) {
	s := schemer{docs: readDocs(t), defs: map[string]any{}}
	s.define(reflect.TypeFor[Run]())
	schema := object{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       Schema,
		"description": "A saved run of echostamp. Times are integer nanoseconds. Fields are added within v1, never renamed or re-typed: readers ignore those that they do not know.",
		"allOf":       []any{object{"$ref": "#/$defs/Run"}, object{"required": []string{"metrics"}}},
		"$defs":       s.defs,
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(published, b.Bytes()) {
		t.Errorf("docs/run.schema.json is not that of the types (%v): go test ./internal/record -update writes it anew", err)
	}
}

// validate holds a record to the published schema.
func validate(t *testing.T, name string, text []byte) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func TestRecordsAreValid(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		validate(t, file, text)
	}
	r := sample()
	r.Tool, r.Command, r.Config.Engine, r.Config.Timestamps = Tool{Version: "v1", Go: "go1"}, []string{"echostamp"}, "epoll", KernelTime
	validate(t, "a run", []byte(written(t, r)))
	validate(t, "a merged run", []byte(written(t, merge(t, r, makeRun(testRand(7), 2).run))))
}
