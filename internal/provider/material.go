package provider

import (
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// material is a text that is given itself or in a file: a token, a certificate, a key.
type material struct {
	text string
	file string
	// from is what gave it: an attribute of the provider block, or a variable of the environment.
	from string
}

// materialOf is what the provider block gives, or else the environment, in the order of its variables.
func materialOf(attribute string, text, file types.String, env func(string) string, variables ...variable) material {
	switch {
	case text.ValueString() != "":
		return material{text: text.ValueString(), from: attribute}
	case file.ValueString() != "":
		return material{file: file.ValueString(), from: attribute + "_file"}
	}
	for _, v := range variables {
		switch value := env(v.name); {
		case value != "" && v.file:
			return material{file: value, from: v.name}
		case value != "":
			return material{text: value, from: v.name}
		}
	}
	return material{}
}

// variable is one of the environment that gives a material, or the file that has it.
type variable struct {
	name string
	file bool
}

func (m material) given() bool { return m.from != "" }

// String is how messages call where it comes from: "token_file (/run/orbit/token)".
func (m material) String() string {
	if m.file == "" {
		return m.from
	}
	return m.from + " (" + m.file + ")"
}

// read returns the text. A file is read anew, since it may be written, or renewed, during the run.
func (m material) read() (string, error) {
	text := m.text
	if m.file != "" {
		content, err := os.ReadFile(m.file)
		if err != nil {
			return "", fmt.Errorf("read the file that %s names: %w", m.from, err)
		}
		text = string(content)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("the file %s that %s names is empty", m.file, m.from)
	}
	return text, nil
}

// readPEM returns a text that holds a PEM block of a type that ends with kind. What it holds is not told.
func (m material) readPEM(kind string) ([]byte, error) {
	text, err := m.read()
	if err != nil {
		return nil, err
	}
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New(cmp.Or(m.wrongKind(text, kind), m.String()+" is not PEM: it has to begin with -----BEGIN "+kind+"-----"))
		}
		if strings.HasSuffix(block.Type, kind) {
			return []byte(text), nil
		}
	}
}

// wrongKind says that a text is PEM of something else, or "".
func (m material) wrongKind(text, kind string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return ""
	}
	return fmt.Sprintf("%s has a %s in it and no %s", m, block.Type, kind)
}
