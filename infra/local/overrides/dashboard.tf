# ministack 1.5.33 does not know PutQueryDefinition.
resource "aws_cloudwatch_query_definition" "this" {
  for_each = {}
}
