"""What everything is called on AWS: pure functions of the environment, the same as in infra/terraform."""

API_STAGE = "v1"
CURSOR_KEY = "cursor-key"
EMAIL_KEY = "email-key"
SIGNING_KEY = "checkpoint-signing-key"
FIRST_KEY = "product-api/key"
FEED = "feed"


class Names:
    """The names of one environment, such as ``dev``."""

    def __init__(self, environment: str) -> None:
        self.environment = environment

    def table(self, store: str) -> str:
        """The table of a store, such as ``products``."""
        return f"{store}-{self.environment}"

    def function(self, function: str) -> str:
        """A Lambda function, such as ``product-get``."""
        return f"bbws-{function}-{self.environment}"

    @property
    def alias(self) -> str:
        """The alias of the version in use, of every function."""
        return f"latest-{self.environment}"

    def log_group(self, function: str) -> str:
        """Where a function logs."""
        return f"/aws/lambda/{self.function(function)}"

    def queue(self, queue: str) -> str:
        """The queue of a consumer, such as ``product-audit``."""
        return f"bbws-{queue}-{self.environment}"

    def dead_letters(self, queue: str) -> str:
        """Where messages of a queue are parked; of ``feed``: where stream records are that could not be announced."""
        return f"bbws-{queue}-dlq-{self.environment}"

    @property
    def bus(self) -> str:
        """The event bus."""
        return f"bbws-{self.environment}"

    def rule(self, consumer: str) -> str:
        """The rule by which a consumer is told."""
        return f"bbws-{consumer}-{self.environment}"

    def secret(self, secret: str) -> str:
        """A secret: ``CURSOR_KEY``, ``EMAIL_KEY``, ``SIGNING_KEY`` or ``FIRST_KEY``."""
        return f"bbws/{secret}-{self.environment}"

    @property
    def archive(self) -> str:
        """How the name of the archive's bucket begins; what makes it unique follows."""
        return f"bbws-product-audit-logs-{self.environment}"

    @property
    def api(self) -> str:
        """The REST API."""
        return f"bbws-api-{self.environment}"

    @property
    def usage_plan(self) -> str:
        """The usage plan of every API key."""
        return f"bbws-standard-{self.environment}"

    @property
    def lambda_alarms(self) -> str:
        """The topic of the first set of alarms (specification: products §11)."""
        return f"bbws-product-lambda-alarms-{self.environment}"

    @property
    def alerts(self) -> str:
        """The topic of the second set of alarms."""
        return f"bbws-product-alerts-{self.environment}"

    def alarm(self, subject: str, signal: str) -> str:
        """An alarm on a function, the API, a queue or a table."""
        return f"bbws-{subject}-{signal}-{self.environment}"

    @property
    def dashboard(self) -> str:
        """The dashboard."""
        return f"bbws-{self.environment}"

    @property
    def deployments(self) -> str:
        """The table of deployment records."""
        return f"bbws-deployments-{self.environment}"

    @property
    def state(self) -> str:
        """The bucket of Terraform's state."""
        return f"bbws-terraform-state-{self.environment}"

    @property
    def artefacts(self) -> str:
        """The bucket of deployment packages."""
        return f"bbws-artefacts-{self.environment}"
