"""HorizontalPodAutoscalers: the kind and the reconciler that scales by metrics."""
