"""The gateway stays light: no torch, no broker, no store, no decoder, none of the services."""

import subprocess
import sys

HEAVY = ("torch", "numpy", "nats", "sqlalchemy", "obstore", "av", "services", "transformers")


def test_starting_the_gateway_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from gateway.app import create_app\n"
        "from gateway.settings import GatewaySettings\n"
        "import gateway.__main__\n"
        "create_app(GatewaySettings())\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & set(HEAVY)
