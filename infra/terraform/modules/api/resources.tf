# The tree of paths. A resource needs its parent's id, and a block may not refer to itself: one block for each depth.

resource "aws_api_gateway_resource" "depth1" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 1 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth2" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 2 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth1[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth3" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 3 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth2[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth4" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 4 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth3[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth5" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 5 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth4[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth6" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 6 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth5[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth7" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 7 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth6[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth8" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 8 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth7[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth9" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 9 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth8[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth10" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 10 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth9[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth11" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 11 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth10[each.value.parent].id
  path_part   = each.value.segment
}

resource "aws_api_gateway_resource" "depth12" {
  for_each = { for path, resource in var.resources : path => resource if resource.depth == 12 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth11[each.value.parent].id
  path_part   = each.value.segment
}

locals {
  resource_ids = merge(
    { "/" = aws_api_gateway_rest_api.this.root_resource_id },
    { for path, resource in aws_api_gateway_resource.depth1 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth2 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth3 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth4 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth5 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth6 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth7 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth8 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth9 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth10 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth11 : path => resource.id },
    { for path, resource in aws_api_gateway_resource.depth12 : path => resource.id },
  )
}
