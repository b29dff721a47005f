// Stand-ins for official images, from Debian's packages and the languages' registries.

group "default" {
  targets = ["python", "node", "go", "temporal", "versitygw"]
}

target "python" {
  dockerfile = "python.Dockerfile"
  tags       = ["triglot-offline/python:3.13"]
}

target "node" {
  dockerfile = "node.Dockerfile"
  contexts   = { python = "target:python" }
  tags       = ["triglot-offline/node:24"]
}

target "go" {
  dockerfile = "go.Dockerfile"
  contexts   = { python = "target:python" }
  tags       = ["triglot-offline/go:1.27"]
}

target "temporal" {
  dockerfile = "temporal.Dockerfile"
  contexts   = { python = "target:python" }
  tags       = ["triglot-offline/temporal:1.9"]
}

target "versitygw" {
  dockerfile = "versitygw.Dockerfile"
  contexts   = { go = "target:go" }
  tags       = ["triglot-offline/versitygw:1.8"]
}

// What deploy/cluster needs besides. A group of its own, because the server takes minutes to compile.
group "cluster" {
  targets = ["postgres", "server", "admin-tools", "ui"]
}

target "postgres" {
  dockerfile = "postgres.Dockerfile"
  tags       = ["triglot-offline/postgres:17"]
}

target "server" {
  dockerfile = "server.Dockerfile"
  target     = "server"
  contexts   = { go = "target:go" }
  tags       = ["triglot-offline/server:1.32"]
}

target "admin-tools" {
  dockerfile = "server.Dockerfile"
  target     = "admin-tools"
  contexts   = { go = "target:go", temporal = "target:temporal" }
  tags       = ["triglot-offline/admin-tools:1.32"]
}

target "ui" {
  dockerfile = "ui.Dockerfile"
  contexts   = { go = "target:go" }
  tags       = ["triglot-offline/ui:2.54"]
}
