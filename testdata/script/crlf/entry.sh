#!/bin/sh
/bin/true
