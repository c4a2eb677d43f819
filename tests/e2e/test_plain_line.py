"""Anything can publish: one plain line through mosquitto_pub."""

import sys

from local_wait import wait_for_sample
from province import Province, expect, run

STORE = sys.argv[1]


def site_and_device_come_from_the_topic():
    with Province(STORE) as province:
        province.broker.publish("gong/v1/22015/lamp-1/data",
                                "streetlight,lamp=17 temp=41.2")
        labels, value = wait_for_sample(province, "streetlight_temp")
        expect(labels == {"site": "22015", "device": "lamp-1", "lamp": "17"},
               f"labels are {labels}")
        expect(value == 41.2, f"value is {value}")


def tags_of_those_names_arrive_as_exported():
    with Province(STORE) as province:
        province.broker.publish(
            "gong/v1/22015/lamp-1/data",
            "streetlight,device=x,site=y temp=41.2 1760000000000000000")
        labels, _ = wait_for_sample(province, "streetlight_temp")
        expect(labels == {"site": "22015", "device": "lamp-1",
                          "exported_site": "y", "exported_device": "x"},
               f"labels are {labels}")


run(site_and_device_come_from_the_topic,
    tags_of_those_names_arrive_as_exported)
