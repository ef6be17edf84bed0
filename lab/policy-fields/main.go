// Command fields prints the keys that a program's YAML configuration may have, as JSON. It reads the type of the configuration out of the
// program's source, without building it: of every package only the declarations are looked at.
//
//	go list -deps -json ./pkg/loki | go run main.go flags.go pkg/loki.ConfigWrapper pkg/loki.ConfigWrapper.RegisterFlags
//
// And the flags with which it may be started, as another function registers them (flags.go), and the modules that it may be told to run.
//
// A block is an object of its keys, one with keys of the user's own has the key "*", a list is a list of what its elements are, and a
// scalar is "bool", "int", "uint", "float", "text", "duration" (Go's), "period" (Prometheus' duration), "size" (Loki's) or "level" (of a log). "text" is
// also what reads itself out of a text. "any" is everything else that reads itself: what it accepts can't be told from its type.
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
	if len(os.Args) != 3 {
		fail("usage: go list -deps -json PACKAGE | fields PACKAGE.TYPE FUNCTION")
	}
	all := &source{
		set:       token.NewFileSet(),
		packages:  map[string]listed{},
		checked:   map[string]*types.Package{},
		otherwise: map[string]bool{},
		texts:     map[string]bool{},
		functions: map[*types.Func]*ast.FuncDecl{},
		initial:   map[*types.Var]ast.Expr{},
		info: &types.Info{
			Types:      map[ast.Expr]types.TypeAndValue{},
			Defs:       map[*ast.Ident]types.Object{},
			Uses:       map[*ast.Ident]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{},
		},
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
	if _, err := all.Import(last); err != nil {
		fail("%v", err)
	}
	told := map[string]any{
		"fields":  all.fieldsOf(all.typeOf(os.Args[1]), nil),
		"flags":   all.flagsOf(os.Args[2]),
		"modules": all.modules(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		fail("%v", err)
	}
}

// By the end of its package's path, a dot and its name.
func (all *source) typeOf(name string) *types.Named {
	path, own, _ := strings.Cut(name, ".")
	for _, each := range all.checked {
		if found := each.Scope().Lookup(own); found != nil && strings.HasSuffix(each.Path(), "/"+path) {
			return found.Type().(*types.Named)
		}
	}
	fail("no type %s", name)
	return nil
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
	// Types whose own reader takes a text and nothing else.
	texts map[string]bool
	// What flags.go follows: functions with their bodies, where these were kept, and what variables of packages begin with.
	functions map[*types.Func]*ast.FuncDecl
	initial   map[*types.Var]ast.Expr
	info      *types.Info
}

// Whether a reader asks for its value once, and for a text: `var s string; unmarshal(&s)`.
func readsText(function *ast.FuncDecl) bool {
	if len(function.Type.Params.List) != 1 || len(function.Type.Params.List[0].Names) != 1 {
		return false
	}
	given := function.Type.Params.List[0].Names[0].Name
	texts := map[string]bool{}
	asked, isText := 0, false
	ast.Inspect(function.Body, func(node ast.Node) bool {
		switch each := node.(type) {
		case *ast.ValueSpec:
			if kind, ok := each.Type.(*ast.Ident); ok && kind.Name == "string" {
				for _, name := range each.Names {
					texts[name.Name] = true
				}
			}
		case *ast.CallExpr:
			called := each.Fun
			if selector, ok := called.(*ast.SelectorExpr); ok {
				called = selector.X
			}
			if name, ok := called.(*ast.Ident); !ok || name.Name != given || len(each.Args) != 1 {
				return true
			}
			asked++
			if reference, ok := each.Args[0].(*ast.UnaryExpr); ok && reference.Op == token.AND {
				name, ok := reference.X.(*ast.Ident)
				isText = ok && texts[name.Name]
			}
		}
		return true
	})
	return asked == 1 && isText
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
				if function.Name.Name == "UnmarshalYAML" && function.Recv != nil && function.Body != nil {
					all.otherwise[path+"."+receiverOf(function)] = declaresStruct(function)
					all.texts[path+"."+receiverOf(function)] = readsText(function)
				}
				if !registersFlags(function) {
					function.Body = nil
				}
			}
		}
		files = append(files, file)
	}
	config := types.Config{
		FakeImportC: true,
		Importer:    imports{all, listed.ImportMap},
		// An import that only bodies use looks unused.
		Error: func(error) {},
	}
	result, _ := config.Check(path, all.set, files, all.info)
	all.checked[path] = result
	for _, file := range files {
		for _, declaration := range file.Decls {
			switch each := declaration.(type) {
			case *ast.FuncDecl:
				if function, ok := all.info.Defs[each.Name].(*types.Func); ok && each.Body != nil {
					all.functions[function] = each
				}
			case *ast.GenDecl:
				all.noteVariables(each)
			}
		}
	}
	return result, nil
}

func (all *source) noteVariables(declaration *ast.GenDecl) {
	for _, spec := range declaration.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok || len(values.Values) != len(values.Names) {
			continue
		}
		for index, name := range values.Names {
			if variable, ok := all.info.Defs[name].(*types.Var); ok {
				all.initial[variable] = values.Values[index]
			}
		}
	}
}

// Whether a function has to do with flags or modules, or is so short that a flag's name may be made by it.
func registersFlags(function *ast.FuncDecl) bool {
	if function.Body == nil {
		return false
	}
	found := len(function.Body.List) == 1 && function.Type.Results != nil
	ast.Inspect(function, func(node ast.Node) bool {
		switch each := node.(type) {
		case *ast.SelectorExpr:
			found = found || each.Sel.Name == "FlagSet" || each.Sel.Name == "CommandLine"
		case *ast.CallExpr:
			found = found || isCalled(each, "RegisterModule")
		}
		return !found
	})
	return found
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
	case "github.com/grafana/dskit/log.Level":
		return "level"
	}
	if strings.HasPrefix(given.String(), "github.com/grafana/loki/") && strings.HasSuffix(given.String(), "/flagext.ByteSize") {
		return "size"
	}
	reads := has(given, "UnmarshalYAML") || has(given, "UnmarshalText")
	if _, isStruct := given.Underlying().(*types.Struct); !isStruct && all.isText(given) {
		return "text"
	}
	switch kind := given.Underlying().(type) {
	case *types.Struct:
		fields := map[string]any{}
		all.collect(kind, within, fields)
		// A type with a reader and without fields of its own is a scalar, such as a secret or a URL.
		if reads && (has(given, "UnmarshalText") || !isTagged(kind)) {
			if all.isText(given) {
				return "text"
			}
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
		case info&types.IsUnsigned != 0:
			return "uint"
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

// Whether a type takes a text and nothing else. The reader of YAML asks UnmarshalYAML first, and UnmarshalText only about a scalar.
func (all *source) isText(given types.Type) bool {
	own := methodOf(given, "UnmarshalYAML")
	if own == nil {
		return has(given, "UnmarshalText")
	}
	receiver := own.Type().(*types.Signature).Recv().Type()
	if pointer, ok := receiver.(*types.Pointer); ok {
		receiver = pointer.Elem()
	}
	return all.texts[receiver.String()]
}

func has(given types.Type, method string) bool {
	return methodOf(given, method) != nil
}

// One of an embedded type counts as well, as it does for the reader of YAML.
func methodOf(given types.Type, method string) types.Object {
	set := types.NewMethodSet(types.NewPointer(given))
	for index := 0; index < set.Len(); index++ {
		if found := set.At(index).Obj(); found.Name() == method {
			return found
		}
	}
	return nil
}
