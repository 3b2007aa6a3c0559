"""Lets a plan go on when the columns of an input become known, or are not known any more.

SQLMesh 0.236 compares the columns of an external model before and after, and stops with "Column information is not
available" when one of them has none. Managed by the provisioner: changes to this file are not kept.
"""

from sqlmesh.core.model.definition import ExternalModel


def compared_when_known(compare):
    """The comparison, but without columns on one side it is not known what changed (`None`)."""

    def compare_known(self, previous):
        known = [model.columns_to_types for model in (self, previous)]
        return None if None in known else compare(self, previous)

    compare_known.is_ours = True
    return compare_known


if not hasattr(ExternalModel.is_breaking_change, "is_ours"):
    ExternalModel.is_breaking_change = compared_when_known(ExternalModel.is_breaking_change)
