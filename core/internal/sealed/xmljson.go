package sealed

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Bounds of a document that is converted.
const (
	maxXMLDepth = 32
	maxXMLNodes = 20_000
)

var errXML = errors.New("the document is not plain XML") //lint:immutable an error value

// JSON returns a proved XML document as a JSON object: the pointers of an entry, and receivers that decode, read it
// like any other payload. The root element is the object, and its name is left out. An element is a member: a text, or
// an object where it has elements; one that comes several times is a list.
//
//	<xml><MsgId>1</MsgId><Item><A>x</A></Item><Item>y</Item></xml>  {"MsgId":"1","Item":[{"A":"x"},"y"]}
//
// It reports false for what has more than that: a document type, and with it entities; attributes; text between
// elements; deep nesting. Its result is bounded by a multiple of the document.
func JSON(doc []byte) (object []byte, ok bool) {
	c := converter{in: xml.NewDecoder(bytes.NewReader(doc))}
	root, err := c.root()
	if err != nil {
		return nil, false
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(root) != nil {
		return nil, false
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), true
}

type converter struct {
	in    *xml.Decoder
	nodes int
}

// root reads the whole document. Its root is an object, also where it is empty.
func (c *converter) root() (any, error) {
	var root any
	for {
		token, err := c.in.Token()
		if errors.Is(err, io.EOF) && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if root != nil {
				return nil, errXML
			}
			value, err := c.element(t, 1)
			if err != nil {
				return nil, err
			}
			if text, is := value.(string); is {
				if strings.TrimSpace(text) != "" {
					return nil, errXML
				}
				value = map[string]any{}
			}
			root = value
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, errXML
			}
		case xml.ProcInst:
			if t.Target != "xml" || root != nil {
				return nil, errXML
			}
		default: // a document type could name entities
			return nil, errXML
		}
	}
}

// element reads the rest of an element: a text, or an object.
func (c *converter) element(start xml.StartElement, depth int) (any, error) {
	if c.nodes++; c.nodes > maxXMLNodes || depth > maxXMLDepth || len(start.Attr) > 0 || start.Name.Space != "" {
		return nil, errXML
	}
	var text []byte
	var members map[string]any
	for {
		token, err := c.in.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			value, err := c.element(t, depth+1)
			if err != nil {
				return nil, err
			}
			if members == nil {
				members = map[string]any{}
			}
			add(members, t.Name.Local, value)
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			if members == nil {
				return string(text), nil
			}
			if len(bytes.TrimSpace(text)) > 0 {
				return nil, errXML
			}
			return members, nil
		default:
			return nil, errXML
		}
	}
}

// list is an element that came several times. It is not []any, which no element is.
type list struct{ values []any }

// MarshalJSON writes the values.
func (l *list) MarshalJSON() ([]byte, error) { return json.Marshal(l.values) }

func add(members map[string]any, name string, value any) {
	switch before := members[name].(type) {
	case nil:
		members[name] = value
	case *list:
		before.values = append(before.values, value)
	default:
		members[name] = &list{[]any{before, value}}
	}
}
