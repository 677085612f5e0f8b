"""The networks of keras.applications by name, and what is known of each without loading Keras."""

from __future__ import annotations

from typing import NamedTuple


class Application(NamedTuple):
    """What builds a network of keras.applications.

    Attributes:
        function: Its name in `keras.applications`.
        module: Where there its `preprocess_input` is.
        least: The smallest side of a picture that it takes, pixels.
        file: What Keras calls the file of its weights without the last layer.
    """

    function: str
    module: str
    least: int
    file: str


_ORDER = "weights_tf_dim_ordering_tf_kernels_notop.h5"


def _table() -> dict[str, Application]:
    found = {
        "vgg16": Application("VGG16", "vgg16", 32, f"vgg16_{_ORDER}"),
        "vgg19": Application("VGG19", "vgg19", 32, f"vgg19_{_ORDER}"),
        "inception_v3": Application("InceptionV3", "inception_v3", 75, f"inception_v3_{_ORDER}"),
        "inception_resnet_v2": Application(
            "InceptionResNetV2", "inception_resnet_v2", 75, f"inception_resnet_v2_{_ORDER}"
        ),
        "xception": Application("Xception", "xception", 71, f"xception_{_ORDER}"),
        "mobilenet": Application("MobileNet", "mobilenet", 32, "mobilenet_1_0_224_tf_no_top.h5"),
        "mobilenet_v2": Application(
            "MobileNetV2", "mobilenet_v2", 32, f"mobilenet_v2_{_ORDER.replace('_notop', '_1.0_224_no_top')}"
        ),
        "nasnet_mobile": Application("NASNetMobile", "nasnet", 32, "nasnet_mobile_no_top.h5"),
        "nasnet_large": Application("NASNetLarge", "nasnet", 32, "nasnet_large_no_top.h5"),
    }
    for size in ("Small", "Large"):
        file = f"weights_mobilenet_v3_{size.lower()}_224_1.0_float_no_top_v2.h5"
        found[f"mobilenet_v3_{size.lower()}"] = Application(f"MobileNetV3{size}", "mobilenet_v3", 32, file)
    for depth in (50, 101, 152):
        found[f"resnet{depth}"] = Application(f"ResNet{depth}", "resnet", 32, f"resnet{depth}_{_ORDER}")
        found[f"resnet{depth}_v2"] = Application(f"ResNet{depth}V2", "resnet_v2", 32, f"resnet{depth}v2_{_ORDER}")
    for depth in (121, 169, 201):
        found[f"densenet{depth}"] = Application(f"DenseNet{depth}", "densenet", 32, f"densenet{depth}_{_ORDER}")
    for number in range(8):
        file = f"efficientnetb{number}_notop.h5"
        found[f"efficientnet_b{number}"] = Application(f"EfficientNetB{number}", "efficientnet", 32, file)
    for size in ("B0", "B1", "B2", "B3", "S", "M", "L"):
        file, name = f"efficientnetv2-{size.lower()}_notop.h5", f"efficientnet_v2_{size.lower()}"
        found[name] = Application(f"EfficientNetV2{size}", "efficientnet_v2", 32, file)
    for size in ("Tiny", "Small", "Base", "Large", "XLarge"):
        file = f"convnext_{size.lower()}_notop.h5"
        found[f"convnext_{size.lower()}"] = Application(f"ConvNeXt{size}", "convnext", 32, file)
    return found


APPLICATIONS = _table()
