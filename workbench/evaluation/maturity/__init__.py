"""Rules of the rubric, a module a section: each looks for one thing in the observations and files and gives 0, 0.5, 1 or unknown.

They judge nothing else: what the items are is said in `rubric.yaml`, how they add up in `workbench.evaluation.rubric`.
"""
