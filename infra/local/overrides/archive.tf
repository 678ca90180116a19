# ministack always answers all_storage_classes_128K, and the provider would wait three minutes for anything else.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  transition_default_minimum_object_size = null
}
