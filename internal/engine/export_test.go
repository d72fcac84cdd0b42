package engine

// On makes the engine try these ports, and then free ones.
func (o Options) On(ports ...int) Options {
	o.port = func() (int, error) {
		if len(ports) == 0 {
			return freePort()
		}
		port := ports[0]
		ports = ports[1:]
		return port, nil
	}
	return o
}
