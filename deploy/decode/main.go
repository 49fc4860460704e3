// Command decode reads Kubernetes objects from stdin and decodes them strictly with the
// types of Kubernetes: an unknown or repeated field, or a value of the wrong type, fails.
// Objects of custom resources are listed as not decoded.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	if err := decode(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "decode:", err)
		os.Exit(1)
	}
}

func decode(in io.Reader, out io.Writer) error {
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(in))
	decoded := 0
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if blank(document) {
			continue
		}
		_, _, err = decoder.Decode(document, nil, nil)
		switch {
		case runtime.IsNotRegisteredError(err) && custom(err):
			fmt.Fprintln(out, "not decoded, a custom resource:", err)
		case err != nil:
			return fmt.Errorf("%w in\n%s", err, document)
		default:
			decoded++
		}
	}
	if decoded == 0 {
		return errors.New("there is no object to decode")
	}
	fmt.Fprintf(out, "decoded %d objects\n", decoded)
	return nil
}

// custom reports whether an unknown kind is of an API that Kubernetes does not bring.
func custom(err error) bool {
	return strings.Contains(err.Error(), `"monitoring.coreos.com/`) || strings.Contains(err.Error(), `"gateway.networking.k8s.io/`)
}

// blank reports whether a document consists of comments and separators.
func blank(document []byte) bool {
	for line := range bytes.Lines(document) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}
