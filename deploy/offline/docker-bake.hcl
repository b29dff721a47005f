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
