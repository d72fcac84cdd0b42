package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// svg draws a curve on logarithmic axes. Its colours are those of the text around it, in the light and in the dark.
func (c *curve) svg() string {
	const width, height, left, bottom, top, right = 640, 360, 70, 50, 40, 20
	lowX, highX, lowY, highY := math.Inf(1), 0.0, math.Inf(1), 0.0
	for _, p := range c.points {
		lowX, highX, lowY, highY = min(lowX, p.x), max(highX, p.x), min(lowY, p.y), max(highY, p.y)
	}
	lowY, highY = math.Pow(10, math.Floor(math.Log10(lowY))), math.Pow(10, math.Ceil(math.Log10(highY*1.01)))
	if highX <= lowX {
		highX = lowX * 10
	}
	x := func(v float64) float64 {
		return left + (width-left-right)*math.Log(v/lowX)/math.Log(highX/lowX)
	}
	y := func(v float64) float64 {
		return height - bottom - (height-bottom-top)*math.Log(v/lowY)/math.Log(highY/lowY)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s"
  font-family="sans-serif" font-size="12">
<style>
text { fill: #24292f } .axis { stroke: #57606a } .grid { stroke: #d0d7de } .dot { fill: #0969da }
.line { stroke: #0969da; fill: none; stroke-width: 2 } .hope { stroke: #9a6700; fill: none; stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .axis { stroke: #9198a1 } .grid { stroke: #30363d }
  .line { stroke: #58a6ff } .dot { fill: #58a6ff } .hope { stroke: #d29922 }
}
</style>
<text x="%d" y="22" font-size="14">%s</text>
`, width, height, html.EscapeString(c.title), left, html.EscapeString(c.title))
	for v := lowY; v <= highY*1.001; v *= 10 {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, left, width-right, y(v), y(v))
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n", left-6, y(v)+4, v)
	}
	for _, p := range c.points {
		fmt.Fprintf(&b, `<line class="axis" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`, x(p.x), x(p.x), height-bottom,
			height-bottom+5)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x(p.x), height-bottom+18,
			short(p.x))
	}
	const axis = `<line class="axis" x1="%d" x2="%d" y1="%d" y2="%d"/>`
	fmt.Fprintf(&b, axis+axis+"\n", left, width-right, height-bottom, height-bottom, left, left, top, height-bottom)
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, (left+width-right)/2, height-12,
		html.EscapeString(c.x))
	fmt.Fprintf(&b, `<text x="14" y="%d" transform="rotate(-90 14 %d)" text-anchor="middle">%s</text>`+"\n",
		(top+height-bottom)/2, (top+height-bottom)/2, html.EscapeString(c.y))
	first, last := c.points[0], c.points[len(c.points)-1]
	hoped := last.y * math.Pow(first.x/last.x, c.power) // the expected shape, through the last point
	if hoped >= lowY {
		fmt.Fprintf(&b, `<path class="hope" d="M%.1f %.1fL%.1f %.1f"/>`+"\n", x(first.x), y(hoped), x(last.x),
			y(last.y))
	} else {
		from := last.x * math.Pow(lowY/last.y, 1/c.power)
		fmt.Fprintf(&b, `<path class="hope" d="M%.1f %.1fL%.1f %.1f"/>`+"\n", x(from), y(lowY), x(last.x), y(last.y))
	}
	b.WriteString(`<path class="line" d="`)
	for i, p := range c.points {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", command, x(p.x), y(p.y))
	}
	b.WriteString("\"/>\n")
	for _, p := range c.points {
		fmt.Fprintf(&b, `<circle class="dot" cx="%.1f" cy="%.1f" r="3"/>`+"\n", x(p.x), y(p.y))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.3gk", v/1e3)
	}
	return fmt.Sprintf("%g", v)
}
