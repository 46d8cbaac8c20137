"""Recipes as processes of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.integration.recipes.recipe_process import RecipeProcess

StartRecipe = Callable[..., RecipeProcess]


@pytest.fixture
def start_recipe(namespace: str) -> Iterator[StartRecipe]:
    """Start a process of a recipe: `start_recipe("flask", "-m", "flask", LEADS_REDIS_URL=url)`.

    It is told the test's namespace, and ends with the test.
    """
    with ExitStack() as stack:

        def start(recipe: str, *arguments: str, **environ: str) -> RecipeProcess:
            process = RecipeProcess(recipe, *arguments, LEADS_NAMESPACE=namespace, **environ)
            stack.callback(process.kill)
            return process

        yield start
