"""What a thing of each type of Terraform needs, to be made, read, changed and deleted (AWS provider 5.100)."""

_GATEWAY = "arn:aws:apigateway:${REGION}::"
_HERE = "${REGION}:${ACCOUNT}"
_BUCKET = "arn:aws:s3:::bbws-product-audit-logs-${ENVIRONMENT}-0a1b2c3d"
_FUNCTION = f"arn:aws:lambda:{_HERE}:function:bbws-product-get-${{ENVIRONMENT}}"
_MAPPING = f"arn:aws:lambda:{_HERE}:event-source-mapping:0a1b2c3d"
_TABLE = "arn:aws:dynamodb:af-south-1:${ACCOUNT}:table/products-${ENVIRONMENT}"
_RULE = f"arn:aws:events:{_HERE}:rule/bbws-${{ENVIRONMENT}}/bbws-audit-logger-${{ENVIRONMENT}}"
_TOPIC = f"arn:aws:sns:{_HERE}:bbws-product-alerts-${{ENVIRONMENT}}"
_ALARM = f"arn:aws:cloudwatch:{_HERE}:alarm:bbws-api-5xx-${{ENVIRONMENT}}"
_GROUP = f"arn:aws:logs:{_HERE}:log-group"
_POOL = f"arn:aws:cognito-idp:{_HERE}:userpool/${{REGION}}_a1B2c3"
_ROLE = "arn:aws:iam::${ACCOUNT}:role/bbws-product-get-${ENVIRONMENT}"
_TAGS = "ListTagsForResource TagResource UntagResource"
_CRUD = "GET POST PATCH DELETE"
_READ_TABLE = "DescribeTable DescribeTimeToLive DescribeContinuousBackups ListTagsOfResource"
_SET_TABLE = "UpdateTable UpdateTimeToLive UpdateContinuousBackups TagResource"
# DynamoDB copies rows with the rights of whoever adds a replica.
_COPY_TABLE = "CreateTableReplica DeleteTableReplica Query Scan GetItem PutItem UpdateItem DeleteItem BatchWriteItem"
_READ_BUCKET = (
    "ListBucket GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketObjectLockConfiguration"
    " GetBucketPolicy GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite"
    " GetAccelerateConfiguration GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration"
)

# Type, "data." before that of a data source: (service, actions, resource) for each resource that it needs them on.
ACTIONS: dict[str, list[tuple[str, str, str]]] = {
    "aws_api_gateway_account": [
        ("apigateway", "GET PATCH", f"{_GATEWAY}/account"),
        ("iam", "PassRole", "arn:aws:iam::${ACCOUNT}:role/bbws-api-logs-${ENVIRONMENT}"),
    ],
    "aws_api_gateway_authorizer": [
        ("apigateway", "POST", f"{_GATEWAY}/restapis/a1/authorizers"),
        ("apigateway", "GET PATCH DELETE", f"{_GATEWAY}/restapis/a1/authorizers/b2"),
    ],
    "aws_api_gateway_deployment": [("apigateway", _CRUD, f"{_GATEWAY}/restapis/a1/deployments/b2")],
    "aws_api_gateway_gateway_response": [
        ("apigateway", "GET PUT DELETE", f"{_GATEWAY}/restapis/a1/gatewayresponses/X")
    ],
    "aws_api_gateway_integration": [
        ("apigateway", "GET PUT PATCH DELETE", f"{_GATEWAY}/restapis/a1/resources/b2/methods/GET/integration")
    ],
    "aws_api_gateway_integration_response": [
        ("apigateway", "GET PUT DELETE", f"{_GATEWAY}/restapis/a1/resources/b2/methods/GET/integration/responses/200")
    ],
    "aws_api_gateway_method": [
        ("apigateway", "GET PUT PATCH DELETE", f"{_GATEWAY}/restapis/a1/resources/b2/methods/GET")
    ],
    "aws_api_gateway_method_response": [
        ("apigateway", "GET PUT PATCH DELETE", f"{_GATEWAY}/restapis/a1/resources/b2/methods/GET/responses/200")
    ],
    "aws_api_gateway_method_settings": [("apigateway", "GET PATCH", f"{_GATEWAY}/restapis/a1/stages/v1")],
    "aws_api_gateway_resource": [("apigateway", _CRUD, f"{_GATEWAY}/restapis/a1/resources/b2")],
    "aws_api_gateway_rest_api": [
        ("apigateway", "POST", f"{_GATEWAY}/restapis"),
        ("apigateway", "GET PATCH PUT DELETE", f"{_GATEWAY}/restapis/a1"),
        ("apigateway", "GET PUT DELETE", f"{_GATEWAY}/tags/arn%3Aaws"),
    ],
    "aws_api_gateway_stage": [
        ("apigateway", _CRUD, f"{_GATEWAY}/restapis/a1/stages/v1"),
        ("logs", "CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries", "*"),
        ("logs", "PutResourcePolicy DescribeResourcePolicies DescribeLogGroups", "*"),
        (
            "iam",
            "CreateServiceLinkedRole",
            "arn:aws:iam::${ACCOUNT}:role/aws-service-role/ops.apigateway.amazonaws.com/x",
        ),
    ],
    "aws_api_gateway_usage_plan": [
        ("apigateway", "POST", f"{_GATEWAY}/usageplans"),
        ("apigateway", "GET PATCH DELETE", f"{_GATEWAY}/usageplans/a1"),
    ],
    "aws_budgets_budget": [
        (
            "budgets",
            f"ViewBudget ModifyBudget {_TAGS}",
            "arn:aws:budgets::${ACCOUNT}:budget/bbws-${ENVIRONMENT}",
        )
    ],
    "aws_cloudwatch_dashboard": [
        (
            "cloudwatch",
            "PutDashboard GetDashboard DeleteDashboards",
            "arn:aws:cloudwatch::${ACCOUNT}:dashboard/bbws-${ENVIRONMENT}",
        )
    ],
    "aws_cloudwatch_event_bus": [
        (
            "events",
            f"CreateEventBus DescribeEventBus UpdateEventBus DeleteEventBus {_TAGS}",
            f"arn:aws:events:{_HERE}:event-bus/bbws-${{ENVIRONMENT}}",
        )
    ],
    "aws_cloudwatch_event_rule": [
        ("events", "PutRule DescribeRule DeleteRule {_TAGS}", _RULE),
        ("events", "PutRule DescribeRule DeleteRule", f"arn:aws:events:{_HERE}:rule/bbws-daily-${{ENVIRONMENT}}"),
    ],
    "aws_cloudwatch_event_target": [("events", "PutTargets ListTargetsByRule RemoveTargets", _RULE)],
    "aws_cloudwatch_log_group": [
        ("logs", "DescribeLogGroups", "*"),
        *(
            (
                "logs",
                f"CreateLogGroup PutRetentionPolicy DeleteRetentionPolicy DeleteLogGroup {_TAGS}",
                f"{_GROUP}:{name}",
            )
            for name in (
                "/aws/lambda/bbws-product-get-${ENVIRONMENT}",
                "/aws/apigateway/bbws-api-${ENVIRONMENT}",
                "API-Gateway-Execution-Logs_a1/v1",
            )
        ),
    ],
    "aws_cloudwatch_metric_alarm": [
        ("cloudwatch", "DescribeAlarms", "*"),
        ("cloudwatch", "PutMetricAlarm DeleteAlarms {_TAGS}", _ALARM),
    ],
    "aws_cloudwatch_query_definition": [
        ("logs", "PutQueryDefinition DescribeQueryDefinitions DeleteQueryDefinition", "*")
    ],
    "aws_cognito_user_group": [("cognito-idp", "CreateGroup GetGroup UpdateGroup DeleteGroup", _POOL)],
    "aws_cognito_user_pool": [
        ("cognito-idp", "CreateUserPool", "*"),
        (
            "cognito-idp",
            (f"DescribeUserPool UpdateUserPool DeleteUserPool GetUserPoolMfaConfig SetUserPoolMfaConfig {_TAGS}"),
            _POOL,
        ),
    ],
    "aws_cognito_user_pool_client": [
        (
            "cognito-idp",
            "CreateUserPoolClient DescribeUserPoolClient UpdateUserPoolClient DeleteUserPoolClient",
            _POOL,
        )
    ],
    "aws_dynamodb_table": [
        *(
            (
                "dynamodb",
                f"{_READ_TABLE} {_SET_TABLE} {_COPY_TABLE} CreateTable UntagResource DeleteTable",
                table,
            )
            for table in (_TABLE, _TABLE.replace("af-south-1", "eu-west-1"))
        ),
        ("kms", "CreateGrant DescribeKey", "arn:aws:kms:${REGION}:${ACCOUNT}:key/a1"),
        (
            "iam",
            "CreateServiceLinkedRole",
            "arn:aws:iam::${ACCOUNT}:role/aws-service-role/replication.dynamodb.amazonaws.com/x",
        ),
    ],
    # By hand too, while a table is restored: what puts it into service.
    "data.aws_dynamodb_table": [
        (
            "dynamodb",
            f"{_READ_TABLE} {_SET_TABLE} RestoreTableToPointInTime",
            f"{_TABLE}-restored",
        ),
    ],
    "data.aws_caller_identity": [],  # everybody may ask who they are
    "aws_iam_role": [
        (
            "iam",
            (
                "CreateRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PutRolePermissionsBoundary"
                " ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole TagRole UntagRole DeleteRole"
            ),
            _ROLE,
        )
    ],
    "aws_iam_role_policy": [("iam", "PutRolePolicy GetRolePolicy DeleteRolePolicy", _ROLE)],
    "aws_iam_role_policy_attachment": [
        ("iam", "AttachRolePolicy ListAttachedRolePolicies DetachRolePolicy", _ROLE),
    ],
    "aws_lambda_alias": [("lambda", "CreateAlias GetAlias UpdateAlias DeleteAlias", _FUNCTION)],
    "aws_lambda_event_source_mapping": [
        ("lambda", "CreateEventSourceMapping GetEventSourceMapping", _MAPPING),
        ("lambda", "UpdateEventSourceMapping DeleteEventSourceMapping", _MAPPING),
        ("lambda", "ListTags TagResource UntagResource", _MAPPING),
    ],
    "aws_lambda_function": [
        (
            "lambda",
            (
                "CreateFunction GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig"
                " ListVersionsByFunction UpdateFunctionCode UpdateFunctionConfiguration PublishVersion"
                " PutFunctionConcurrency DeleteFunctionConcurrency ListTags TagResource UntagResource DeleteFunction"
            ),
            _FUNCTION,
        ),
        ("iam", "PassRole", _ROLE),
        ("s3", "GetObject", "arn:aws:s3:::bbws-artefacts-${ENVIRONMENT}/lambda/a1.zip"),
    ],
    "aws_lambda_permission": [("lambda", "AddPermission GetPolicy RemovePermission", _FUNCTION)],
    "aws_s3_bucket": [
        ("s3", f"CreateBucket {_READ_BUCKET} PutBucketTagging DeleteBucket", bucket)
        for bucket in (_BUCKET, f"{_BUCKET}-recovery")
    ],
    "aws_s3_bucket_lifecycle_configuration": [("s3", "GetLifecycleConfiguration PutLifecycleConfiguration", _BUCKET)],
    "aws_s3_bucket_object_lock_configuration": [
        ("s3", "GetBucketObjectLockConfiguration PutBucketObjectLockConfiguration", _BUCKET)
    ],
    "aws_s3_bucket_ownership_controls": [
        ("s3", "GetBucketOwnershipControls PutBucketOwnershipControls", _BUCKET),
    ],
    "aws_s3_bucket_policy": [("s3", "GetBucketPolicy PutBucketPolicy DeleteBucketPolicy", _BUCKET)],
    "aws_s3_bucket_public_access_block": [
        ("s3", "GetBucketPublicAccessBlock PutBucketPublicAccessBlock", _BUCKET),
    ],
    "aws_s3_bucket_replication_configuration": [
        ("s3", "GetReplicationConfiguration PutReplicationConfiguration", _BUCKET),
        ("iam", "PassRole", _ROLE),
    ],
    "aws_s3_bucket_server_side_encryption_configuration": [
        ("s3", "GetEncryptionConfiguration PutEncryptionConfiguration", _BUCKET)
    ],
    "aws_s3_bucket_versioning": [("s3", "GetBucketVersioning PutBucketVersioning", _BUCKET)],
    "aws_secretsmanager_secret": [
        (
            "secretsmanager",
            (
                "CreateSecret DescribeSecret GetResourcePolicy UpdateSecret TagResource UntagResource"
                " ReplicateSecretToRegions RemoveRegionsFromReplication DeleteSecret"
            ),
            f"arn:aws:secretsmanager:{region}:${{ACCOUNT}}:secret:bbws/cursor-key-${{ENVIRONMENT}}-AbCdEf",
        )
        for region in ("af-south-1", "eu-west-1")
    ],
    "aws_sns_topic": [
        (
            "sns",
            f"CreateTopic GetTopicAttributes SetTopicAttributes DeleteTopic {_TAGS}",
            _TOPIC,
        )
    ],
    "aws_sns_topic_policy": [("sns", "GetTopicAttributes SetTopicAttributes", _TOPIC)],
    "aws_sns_topic_subscription": [
        ("sns", "Subscribe ListSubscriptionsByTopic", _TOPIC),
        ("sns", "GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe", f"{_TOPIC}:a1"),
    ],
    "aws_sqs_queue": [
        (
            "sqs",
            (
                "CreateQueue GetQueueAttributes GetQueueUrl SetQueueAttributes DeleteQueue"
                " ListQueueTags TagQueue UntagQueue"
            ),
            f"arn:aws:sqs:{_HERE}:bbws-product-audit-dlq-${{ENVIRONMENT}}",
        )
    ],
}
