package keys

import _ "embed"

// amazonIntermediates are the authorities Amazon RSA 2048 M01 to M04, valid until August 2030. They issue the
// certificates that Amazon SNS signs with. The file that SNS serves holds only the leaf, so a chain cannot be built
// without them.
//
// They are public data of Amazon Trust Services. They are not trusted by themselves: a chain counts only if it leads on
// to a trusted root.
//
// https://www.amazontrust.com/repository/
//
//go:embed amazon.pem
var amazonIntermediates string //lint:immutable what is embedded
