"""Makes formats.png, the picture of the README: python docs/images/make.py"""

from pathlib import Path

from lowfloat import plotting

FORMATS = ("float8_e4m3fn", "float8_e5m2", "float6_e3m2fn", "float6_e2m3fn", "float4_e2m1fn")

if __name__ == "__main__":
    plotting.save(Path(__file__).with_name("formats.png"), plotting.number_line, FORMATS)
