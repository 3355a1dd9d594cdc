package report

import (
	"fmt"
	"io"
	"strings"
)

// What a workflow command of GitHub escapes, in what it says and in its properties, so that
// neither can end it, or begin another. GitHub takes no more than that for a command; Azure
// Pipelines takes what stands in brackets anywhere.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// Annotations writes checks as workflow commands of GitHub, which shows them at the run and
// the pull request: those that failed as errors, those that are inconclusive as warnings,
// and no others. GitHub shows ten of a kind for each step.
func Annotations(w io.Writer, title string, checks []Check) error {
	for _, check := range checks {
		command := "warning"
		switch check.Outcome {
		case Pass:
			continue
		case Fail:
			command = "error"
		}
		_, err := fmt.Fprintf(w, "::%s title=%s::%s\n", command, githubProperty.Replace(title), githubData.Replace(bracketed.ReplaceAllString(check.Name+": "+check.Detail, "# #$1")))
		if err != nil {
			return err
		}
	}
	return nil
}
