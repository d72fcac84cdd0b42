package receiver

import _ "embed"

//go:embed receiver.yaml
var everySetting []byte //lint:immutable embedded

// Sample returns a configuration with every setting.
func Sample() []byte { return everySetting }
