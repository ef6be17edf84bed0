module observability/cluster/rook

go 1.24.0

// Nothing is built of it: it has the CustomResourceDefinitions of bucket claims.
require github.com/rook/rook v1.18.0
