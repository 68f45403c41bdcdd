"""From nothing to the maps of a model: imports, the model with random weights, one forward pass. Prints the maps' count."""

import json
import sys

import torch
from transformers import AutoConfig, AutoModel

config = json.loads(sys.argv[1])
model = AutoModel.from_config(AutoConfig.for_model(**config), attn_implementation="eager").eval()
with torch.no_grad():
    ids = torch.arange(int(sys.argv[2]))[None] * 7 % 1000
    print(len(model(input_ids=ids, output_attentions=True).attentions))
