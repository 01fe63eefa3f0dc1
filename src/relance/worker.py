"""The worker process: which sweeps there are, and how it starts and stops. The arq settings are in core.work_loop."""

import asyncio
import signal

import structlog

from relance.capabilities.files.store import FileStore
from relance.capabilities.files.sweeper import FileSweeper
from relance.capabilities.followups.sweeper import Sweeper
from relance.capabilities.jobs.runner import JobRunner
from relance.capabilities.messaging.deliverer import Deliverer
from relance.capabilities.messaging.reports.mailbox import ReportMailbox
from relance.capabilities.sandbox.settling import CaughtMails
from relance.capabilities.webhooks.deliveries.deliverer import WebhookDeliverer
from relance.capabilities.webhooks.feed.sequencer import Sequencer
from relance.core.idempotency.service import ExpiredKeys
from relance.core.kept_counts import Folding
from relance.core.logging import configure_logging
from relance.core.settings import Settings
from relance.core.work_loop import WorkLoop
from relance.wiring import (
    EVENT_TYPES,
    KEPT_COUNTS,
    MAILS,
    build_runtime,
    close_runtime,
    follow_up_handlers,
    job_kinds,
    mail_subjects,
)

_log = structlog.get_logger(__name__)


async def run_worker(settings: Settings) -> None:
    """Deliver mails and follow up until SIGTERM or SIGINT; then finish what is in the relay's hands, and stop.

    Raises:
        TemplateFault: a mail of the product lacks a template; nothing was started.
    """
    configure_logging(settings)
    runtime = build_runtime(settings)
    subjects = mail_subjects(runtime)
    deliverer = Deliverer(runtime, subjects, MAILS)
    sweeper = Sweeper(runtime, follow_up_handlers(runtime))
    store = FileStore(settings)
    runner = JobRunner(runtime, job_kinds(runtime, store))
    sequencer = Sequencer(runtime, EVENT_TYPES)
    webhooks = WebhookDeliverer(runtime, EVENT_TYPES)
    sweeps = {
        "deliver_messages": deliverer.sweep,
        "sweep_follow_ups": sweeper.sweep,
        "run_jobs": runner.sweep,
        "sequence_events": sequencer.sweep,
        "deliver_webhooks": webhooks.sweep,
        "sweep_files": FileSweeper(runtime, store).sweep,
        "sweep_idempotency_keys": ExpiredKeys(runtime).sweep,
        "fold_counts": Folding(runtime, KEPT_COUNTS).sweep,
    }
    reports: ReportMailbox | None = None
    if settings.reports_maildir is not None:
        reports = ReportMailbox(runtime, subjects, settings.reports_maildir)
        sweeps["sweep_delivery_reports"] = reports.sweep
    caught: CaughtMails | None = None
    if settings.sandbox and settings.smtp_is_catcher:
        caught = CaughtMails(runtime, subjects)
        sweeps["settle_caught_mails"] = caught.sweep
    loop = WorkLoop(runtime, sweeps)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, loop.stop)
    _log.info("worker_started")
    try:
        await loop.run()
    finally:
        await runner.close()
        await sweeper.close()
        await sequencer.close()
        await webhooks.close()
        if reports is not None:
            await reports.close()
        if caught is not None:
            await caught.close()
        await deliverer.close(settings.smtp_timeout_seconds)
        await close_runtime(runtime)
        _log.info("worker_stopped")
