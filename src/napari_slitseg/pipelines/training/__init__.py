"""Parts of the training loop of `napari_slitseg.pipelines.finetune`; they need torch."""
