// Command fields prints the keys that a program's YAML configuration may have, as JSON. It reads the type of the configuration out of the
// program's source, without building it: of every package only the declarations are looked at.
//
//	go list -deps -json ./pkg/loki | go run main.go ConfigWrapper
//
// A block is an object of its keys, one with keys of the user's own has the key "*", a list is a list of what its elements are, and a
// scalar is "bool", "int", "float", "text", "duration" (Go's) or "period" (Prometheus' duration). "any" is what reads itself: what it
// accepts can't be told from its type.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// One package, as `go list -json` tells of it.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	ImportMap  map[string]string
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: go list -deps -json PACKAGE | fields TYPE")
	}
	all := &source{
		set:       token.NewFileSet(),
		packages:  map[string]listed{},
		checked:   map[string]*types.Package{},
		otherwise: map[string]bool{},
	}
	decoder := json.NewDecoder(os.Stdin)
	var last string
	for {
		var each listed
		if err := decoder.Decode(&each); err == io.EOF {
			break
		} else if err != nil {
			fail("reading the list of packages: %v", err)
		}
		all.packages[each.ImportPath] = each
		last = each.ImportPath
	}
	// The package that was asked for comes after all that it depends on.
	found, err := all.Import(last)
	if err != nil {
		fail("%v", err)
	}
	root := found.Scope().Lookup(os.Args[1])
	if root == nil {
		fail("%s has no type %s", last, os.Args[1])
	}
	encoder := json.NewEncoder(os.Stdout)
	if err := encoder.Encode(all.fieldsOf(root.Type().(*types.Named), nil)); err != nil {
		fail("%v", err)
	}
}

func fail(format string, words ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", words...)
	os.Exit(1)
}

// The packages of a program, each checked when another first imports it.
type source struct {
	set      *token.FileSet
	packages map[string]listed
	checked  map[string]*types.Package
	// Types whose own reader first fills another struct: of their scalars only that one tells what it takes.
	otherwise map[string]bool
}

func declaresStruct(function *ast.FuncDecl) bool {
	found := false
	ast.Inspect(function.Body, func(node ast.Node) bool {
		if _, ok := node.(*ast.StructType); ok {
			found = true
		}
		return !found
	})
	return found
}

func receiverOf(function *ast.FuncDecl) string {
	given := function.Recv.List[0].Type
	if pointer, ok := given.(*ast.StarExpr); ok {
		given = pointer.X
	}
	if name, ok := given.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

func (all *source) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if found, ok := all.checked[path]; ok {
		return found, nil
	}
	listed, ok := all.packages[path]
	if !ok {
		return nil, fmt.Errorf("no package %s in the list", path)
	}
	var files []*ast.File
	for _, name := range listed.GoFiles {
		file, err := parser.ParseFile(all.set, filepath.Join(listed.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				if function.Name.Name == "UnmarshalYAML" && declaresStruct(function) {
					all.otherwise[path+"."+receiverOf(function)] = true
				}
				function.Body = nil
			}
		}
		files = append(files, file)
	}
	config := types.Config{
		IgnoreFuncBodies: true,
		FakeImportC:      true,
		Importer:         imports{all, listed.ImportMap},
		// An import that only bodies use looks unused.
		Error: func(error) {},
	}
	result, _ := config.Check(path, all.set, files, nil)
	all.checked[path] = result
	return result, nil
}

type imports struct {
	all     *source
	renamed map[string]string
}

func (own imports) Import(path string) (*types.Package, error) {
	if renamed, ok := own.renamed[path]; ok {
		path = renamed
	}
	return own.all.Import(path)
}

func (all *source) fieldsOf(given types.Type, within []types.Type) any {
	given = types.Unalias(given)
	if pointer, ok := given.(*types.Pointer); ok {
		return all.fieldsOf(pointer.Elem(), within)
	}
	for _, outer := range within {
		if types.Identical(outer, given) {
			return "any"
		}
	}
	within = append(within, given)
	switch given.String() {
	case "time.Duration":
		return "duration"
	case "github.com/prometheus/common/model.Duration":
		return "period"
	}
	reads := has(given, "UnmarshalYAML") || has(given, "UnmarshalText")
	switch kind := given.Underlying().(type) {
	case *types.Struct:
		fields := map[string]any{}
		all.collect(kind, within, fields)
		// A type with a reader and without fields of its own is a scalar, such as a secret or a URL.
		if reads && (has(given, "UnmarshalText") || !isTagged(kind)) {
			return "any"
		}
		if all.otherwise[given.String()] {
			for key, field := range fields {
				if _, ok := field.(string); ok {
					fields[key] = "any"
				}
			}
		}
		return fields
	case *types.Map:
		if reads {
			return "any"
		}
		return map[string]any{"*": all.fieldsOf(kind.Elem(), within)}
	case *types.Slice:
		if reads {
			return "any"
		}
		return []any{all.fieldsOf(kind.Elem(), within)}
	case *types.Array:
		return []any{all.fieldsOf(kind.Elem(), within)}
	case *types.Basic:
		if kind.Kind() == types.Invalid {
			fail("a type can't be told: a package is missing from the list, or the list has errors")
		}
		switch info := kind.Info(); {
		case reads:
			return "any"
		case info&types.IsBoolean != 0:
			return "bool"
		case info&types.IsInteger != 0:
			return "int"
		case info&types.IsFloat != 0:
			return "float"
		case info&types.IsString != 0:
			return "text"
		}
	}
	return "any"
}

// As yaml.v2 and yaml.v3 do: the tag's name or else the field's in lower case, and what is inline among the others.
func (all *source) collect(block *types.Struct, within []types.Type, fields map[string]any) {
	for index := 0; index < block.NumFields(); index++ {
		field := block.Field(index)
		if !field.Exported() && !field.Embedded() {
			continue
		}
		tag, tagged := reflect.StructTag(block.Tag(index)).Lookup("yaml")
		if !tagged && !strings.Contains(block.Tag(index), ":") {
			tag = block.Tag(index)
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "-" {
			continue
		}
		if strings.Contains(options, "inline") {
			inner := types.Unalias(field.Type())
			if pointer, ok := inner.(*types.Pointer); ok {
				inner = types.Unalias(pointer.Elem())
			}
			switch kind := inner.Underlying().(type) {
			case *types.Struct:
				all.collect(kind, within, fields)
			case *types.Map:
				fields["*"] = all.fieldsOf(kind.Elem(), within)
			}
			continue
		}
		if !field.Exported() {
			continue
		}
		if name == "" {
			name = strings.ToLower(field.Name())
		}
		fields[name] = all.fieldsOf(field.Type(), within)
	}
}

func isTagged(block *types.Struct) bool {
	for index := 0; index < block.NumFields(); index++ {
		if _, ok := reflect.StructTag(block.Tag(index)).Lookup("yaml"); ok {
			return true
		}
	}
	return false
}

func has(given types.Type, method string) bool {
	set := types.NewMethodSet(types.NewPointer(given))
	for index := 0; index < set.Len(); index++ {
		// One of an embedded type counts as well, as it does for the reader of YAML.
		if set.At(index).Obj().Name() == method {
			return true
		}
	}
	return false
}
