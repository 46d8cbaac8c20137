"""This project's producer, as the README says to use it."""

from __future__ import annotations

import os

from lead_producers import LeadProducer

producer = LeadProducer.from_url(os.environ["BENCH_REDIS"], os.environ["LEADS_NAMESPACE"])
enqueue = producer.enqueue
enqueue_many = producer.enqueue_many
