// Command release tries what docs/releasing.md describes, in a copy and with a module proxy of files: it publishes the
// library, then each nested module that users install from, without its replace directive, and installs a program of it
// as a user would. Nothing is tagged, and nothing leaves this machine.
package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

const (
	library = "github.com/sallyport-go/sallyport"
	version = "v0.999.0" // no release has it
)

// module is a nested module that a release tags, with a program to install and its arguments; "." is the module itself.
// A module without a program is a library, which those behind it use.
type module struct {
	folder, program, tags string
	args                  []string
}

// published returns the nested modules in the order of their release.
func published() []module {
	return []module{
		{folder: "core/inbox/riverinbox"},
		{folder: "cmd/sallyport", program: ".", args: []string{"providers", "stripe"}},
		{folder: "cmd/sallyport", program: ".", tags: "full", args: []string{"serve", "--sample"}},
		{folder: "examples", program: "demo"},
	}
}

func main() {
	if err := try(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func try() error {
	temp, err := os.MkdirTemp("", "sallyport-release")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	r := &release{copy: filepath.Join(temp, "copy"), proxy: filepath.Join(temp, "proxy"),
		bin: filepath.Join(temp, "bin"), released: []string{library}}
	if err := r.environment(filepath.Join(temp, "modules")); err != nil {
		return err
	}
	if err := os.CopyFS(r.copy, visible{os.DirFS(".")}); err != nil {
		return err
	}
	if err := r.publish(library, "."); err != nil {
		return err
	}
	done := ""
	for _, p := range published() {
		if p.folder != done {
			done = p.folder
			if err := r.release(p.folder); err != nil {
				return fmt.Errorf("%s: %w", p.folder, err)
			}
			r.released = append(r.released, library+"/"+p.folder)
		}
		if p.program == "" {
			continue
		}
		at := path.Join(library, p.folder, p.program)
		fmt.Printf("== go install -tags=%s %s@%s\n", p.tags, at, version)
		if err := r.run(temp, "go", "install", "-tags="+p.tags, at+"@"+version); err != nil {
			return err
		}
		if err := r.run(temp, filepath.Join(r.bin, path.Base(at)), p.args...); err != nil {
			return err
		}
	}
	return nil
}

type release struct {
	copy, proxy, bin string
	env              []string
	released         []string // paths of modules that are in the proxy
}

// environment sets where modules come from: first the files of this release, then what this machine has, then the
// user's own proxy. The module cache is a new one, because a cached release would be used again.
func (r *release) environment(cache string) error {
	out, err := exec.Command("go", "env", "GOPROXY", "GOMODCACHE").Output()
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	proxies := []string{"file://" + r.proxy, "file://" + filepath.Join(lines[1], "cache", "download"), lines[0]}
	r.env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-modcacherw -trimpath", "GONOSUMDB="+library, "GONOSUMCHECK=1",
		"GOBIN="+r.bin, "GOMODCACHE="+cache, "GOPROXY="+strings.Join(proxies, ","))
	return nil
}

// release makes of a nested module what its tag holds: the replace directives are gone, and what was released before is
// required at its version.
func (r *release) release(folder string) error {
	here := filepath.Join(r.copy, folder)
	fmt.Println("== release", folder)
	mod, err := os.ReadFile(filepath.Join(here, "go.mod"))
	if err != nil {
		return err
	}
	for _, path := range r.released {
		if !bytes.Contains(mod, []byte("replace "+path+" ")) {
			continue
		}
		if err := r.run(here, "go", "mod", "edit", "-dropreplace="+path, "-require="+path+"@"+version); err != nil {
			return err
		}
	}
	if err := r.run(here, "go", "mod", "tidy"); err != nil {
		return err
	}
	return r.publish(library+"/"+folder, folder)
}

// run runs a command, and prints what it said only when it fails.
func (r *release) run(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, r.env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// publish puts a module into the proxy, as the go command asks for it.
func (r *release) publish(path, folder string) error {
	at := filepath.Join(r.proxy, filepath.FromSlash(path), "@v")
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(r.copy, folder, "go.mod"))
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := pack(&archive, path+"@"+version+"/", filepath.Join(r.copy, folder)); err != nil {
		return err
	}
	info := fmt.Sprintf(`{"Version":%q,"Time":%q}`, version, time.Now().UTC().Format(time.RFC3339))
	for name, text := range map[string][]byte{
		"list": []byte(version + "\n"), version + ".info": []byte(info), version + ".mod": mod, version +
			".zip": archive.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(at, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// pack writes the files of one module. A folder below it with a go.mod is another module.
func pack(w io.Writer, prefix, folder string) error {
	z := zip.NewWriter(w)
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != folder {
				return filepath.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := z.Create(prefix + filepath.ToSlash(name))
		if err != nil {
			return err
		}
		_, err = file.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	return z.Close()
}
