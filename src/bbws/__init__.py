"""BBWS: the control plane of a WordPress hosting business."""
