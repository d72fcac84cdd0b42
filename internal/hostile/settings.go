package hostile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/sallyport-go/sallyport/core"
)

// At returns the endpoint that the case names, with the case's own settings.
func (c *Case) At(endpoints map[string]*Endpoint) (*Endpoint, error) {
	e := endpoints[c.Endpoint]
	switch {
	case e == nil:
		return nil, fmt.Errorf("%s: %s: no endpoint %q", c.Threat, c.Name, c.Endpoint)
	case len(c.Config) == 0:
		return e, nil
	}
	if err := set(&core.Config{}, c.Config); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.Threat, c.Name, err)
	}
	own := *e
	own.change = func(config *core.Config) {
		e.change(config)
		if err := set(config, c.Config); err != nil {
			panic(err) // the same settings were set above
		}
	}
	return &own, nil
}

// set changes settings by their names, as core.New's mistakes have them: "Limits.MaxBody".
func set(config *core.Config, settings map[string]json.RawMessage) error {
	for name, value := range settings {
		field := reflect.ValueOf(config).Elem()
		for part := range strings.SplitSeq(name, ".") {
			if field.Kind() != reflect.Struct || !field.FieldByName(part).IsValid() {
				return fmt.Errorf("core.Config has no setting %s", name)
			}
			field = field.FieldByName(part)
		}
		if err := json.Unmarshal(value, field.Addr().Interface()); err != nil {
			return fmt.Errorf("the setting %s: %w", name, err)
		}
	}
	return nil
}
