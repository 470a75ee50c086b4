"""gRPC servicers of the orchestrator: each converts, calls, converts."""

from services.orchestrator.servicer.files import FileServicer
from services.orchestrator.servicer.tasks import TaskServicer
from services.orchestrator.servicer.work import WorkServicer

__all__ = ["FileServicer", "TaskServicer", "WorkServicer"]
