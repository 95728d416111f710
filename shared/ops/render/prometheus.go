package render

import (
	_ "embed"
	"fmt"
	"io"
	"text/template"

	"minifb/shared/ops/sam"
)

// Alarms are rules for Prometheus, for the file alarms.yml. docs/monitoring.md explains them.
//
//go:embed alarms.yml
var Alarms string

//go:embed prometheus.yml.tmpl
var prometheusText string

// Prometheus writes a configuration of Prometheus that reads the metrics of this host at n.Metrics, and
// the rules of alarms.yml beside it.
func (n Nginx) Prometheus(w io.Writer, t *sam.Template) error {
	data := struct {
		Nginx
		Names []string
	}{Nginx: n}
	for _, f := range t.Functions {
		data.Names = append(data.Names, f.Area)
	}
	if n.Backups != "" {
		for _, j := range jobs {
			data.Names = append(data.Names, j.Name)
		}
	}
	text, err := template.New("prometheus.yml").Parse(prometheusText)
	if err != nil {
		return fmt.Errorf("render prometheus.yml: %w", err)
	}
	return text.Execute(w, data)
}
