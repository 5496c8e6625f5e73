//go:build ignore

// Prints the protobuf fields of Kubernetes' Go types as JSON, the second source of make_protobuf_table.py:
// {struct: {number: [JSON name, type, omitempty]}}, where the last is null for a pointer. Run by hand, in a module that
// requires k8s.io/client-go, k8s.io/apiextensions-apiserver and k8s.io/kube-aggregator of the release that is followed:
//
//	go run protobuf_fields.go > fields-of-go.json
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	apidiscoveryv2beta1 "k8s.io/api/apidiscovery/v2beta1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1beta1 "k8s.io/apimachinery/pkg/apis/meta/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

func main() {
	all := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		scheme.AddToScheme, apiextensionsv1.AddToScheme, apiregistrationv1.AddToScheme, apidiscoveryv2.AddToScheme,
		apidiscoveryv2beta1.AddToScheme, metav1.AddMetaToScheme, metav1beta1.AddMetaToScheme,
	} {
		if err := add(all); err != nil {
			panic(err)
		}
	}
	all.AddUnversionedTypes(schema.GroupVersion{Version: "v1"}, &metav1.APIVersions{}, &metav1.APIGroupList{},
		&metav1.APIGroup{}, &metav1.APIResourceList{}, &metav1.Status{})
	found := map[string]map[string][]any{}
	for _, known := range all.AllKnownTypes() {
		read(known, found)
	}
	json.NewEncoder(os.Stdout).Encode(found)
}

// read adds a struct and those that it reaches.
func read(t reflect.Type, found map[string]map[string][]any) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		read(t.Elem(), found)
		return
	case reflect.Struct:
	default:
		return
	}
	name := t.PkgPath() + "." + t.Name()
	if _, ok := found[name]; ok {
		return
	}
	fields := map[string][]any{}
	found[name] = fields
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get("protobuf")
		if tag != "" && tag != "-" {
			var omitempty any = strings.Contains(field.Tag.Get("json"), ",omitempty")
			if field.Type.Kind() == reflect.Pointer {
				omitempty = nil
			}
			jsonName := strings.Split(field.Tag.Get("json"), ",")[0]
			fields[strings.Split(tag, ",")[1]] = []any{jsonName, typeOf(field.Type), omitempty}
		} else if !field.IsExported() {
			continue
		}
		read(field.Type, found)
	}
}

// typeOf is the type as make_protobuf_table.py's other source has it.
func typeOf(t reflect.Type) any {
	switch t.Kind() {
	case reflect.Pointer:
		return typeOf(t.Elem())
	case reflect.String:
		return "s"
	case reflect.Bool:
		return "b"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "i"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "u"
	case reflect.Float32, reflect.Float64:
		return "d"
	case reflect.Struct:
		return t.PkgPath() + "." + t.Name()
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "B"
		}
		if _, own := reflect.PointerTo(t).MethodByName("Marshal"); own {
			return []any{"N", typeOf(t.Elem())}
		}
		return []any{"[]", typeOf(t.Elem())}
	case reflect.Map:
		return []any{"{}", typeOf(t.Key()), typeOf(t.Elem())}
	}
	return "?" + t.String()
}
