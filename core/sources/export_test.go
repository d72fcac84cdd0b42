package sources

// At is a document in GitHub's form at another URL.
func At(url string) Document {
	d := GitHub()
	d.url = url
	return d
}
