package main

import "github.com/sallyport-go/sallyport/internal/terminal"

// Short names of what every command writes with.

func printable(text string) string   { return terminal.Printable(text) }
func oneLine(text string) string     { return terminal.OneLine(text) }
func escaped(text string) string     { return terminal.Escaped(text) }
func paragraphs(text string) string  { return terminal.Paragraphs(text) }
func columns(rows [][]string) string { return terminal.Columns(rows) }
