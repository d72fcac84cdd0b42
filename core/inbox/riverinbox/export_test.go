package riverinbox

// What the tests of the order measure.
//
//lint:immutable functions
var (
	BeforeQuery   = beforeQuery
	WakeStatement = wakeStatement
)
