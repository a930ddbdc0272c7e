"""What feeds must be: RFC 4287 as RELAX NG, JSON Feed 1.1 as JSON Schema, both written from these.

The schemas are as strict as the specifications, and know what of other name spaces may be where.
"""

from __future__ import annotations

from typing import Any

_DATE = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+\-]\d\d:\d\d)"
ATOM = rf"""<?xml version="1.0"?>
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
<start><element name="feed"><ref name="common"/><interleave>
  <element name="id"><ref name="common"/><ref name="iri"/></element>
  <element name="title"><ref name="text"/></element>
  <element name="updated"><ref name="common"/><ref name="date"/></element>
  <optional><element name="subtitle"><ref name="text"/></element></optional>
  <optional><element name="rights"><ref name="text"/></element></optional>
  <optional><element name="generator"><ref name="common"/><text/></element></optional>
  <optional><element name="icon"><ref name="common"/><ref name="iri"/></element></optional>
  <optional><element name="logo"><ref name="common"/><ref name="iri"/></element></optional>
  <zeroOrMore><element name="author"><ref name="person"/></element></zeroOrMore>
  <zeroOrMore><element name="contributor"><ref name="person"/></element></zeroOrMore>
  <zeroOrMore><ref name="category"/></zeroOrMore>
  <zeroOrMore><ref name="link"/></zeroOrMore>
  <zeroOrMore><ref name="extension"/></zeroOrMore>
  <zeroOrMore><ref name="entry"/></zeroOrMore>
</interleave></element></start>
<define name="entry"><element name="entry"><ref name="common"/><interleave>
  <element name="id"><ref name="common"/><ref name="iri"/></element>
  <element name="title"><ref name="text"/></element>
  <element name="updated"><ref name="common"/><ref name="date"/></element>
  <optional><element name="published"><ref name="common"/><ref name="date"/></element></optional>
  <optional><element name="summary"><ref name="text"/></element></optional>
  <optional><element name="rights"><ref name="text"/></element></optional>
  <optional><element name="content"><ref name="common"/><choice>
    <group><attribute name="type"><value>html</value></attribute><text/></group>
    <group><attribute name="type"><value>text</value></attribute><text/></group>
  </choice></element></optional>
  <zeroOrMore><element name="author"><ref name="person"/></element></zeroOrMore>
  <zeroOrMore><element name="contributor"><ref name="person"/></element></zeroOrMore>
  <zeroOrMore><ref name="category"/></zeroOrMore>
  <oneOrMore><ref name="link"/></oneOrMore>
  <zeroOrMore><ref name="extension"/></zeroOrMore>
</interleave></element></define>
<define name="person"><ref name="common"/><interleave>
  <element name="name"><data type="string"><param name="minLength">1</param></data></element>
  <optional><element name="uri"><ref name="iri"/></element></optional>
  <optional><element name="email"><data type="string"><param name="pattern">.+@.+</param></data>
  </element></optional>
</interleave></define>
<define name="category"><element name="category"><ref name="common"/>
  <attribute name="term"/>
  <optional><attribute name="scheme"><ref name="iri"/></attribute></optional>
  <optional><attribute name="label"/></optional>
</element></define>
<define name="link"><element name="link"><ref name="common"/>
  <attribute name="href"><ref name="iri"/></attribute>
  <optional><attribute name="rel"/></optional>
  <optional><attribute name="type"><data type="string"><param name="pattern">.+/.+</param></data>
  </attribute></optional>
  <optional><attribute name="hreflang"><ref name="language"/></attribute></optional>
  <optional><attribute name="title"/></optional>
  <optional><attribute name="length"/></optional>
</element></define>
<define name="text"><ref name="common"/><optional><attribute name="type"><choice>
  <value>text</value><value>html</value></choice></attribute></optional>
  <data type="string"/></define>
<define name="common">
  <optional><attribute name="base" ns="http://www.w3.org/XML/1998/namespace"><ref name="iri"/>
  </attribute></optional>
  <optional><attribute name="lang" ns="http://www.w3.org/XML/1998/namespace">
  <ref name="language"/></attribute></optional>
</define>
<define name="language"><data type="string">
  <param name="pattern">[A-Za-z]{{1,8}}(-[A-Za-z0-9]{{1,8}})*</param></data></define>
<define name="iri"><data type="string">
  <param name="pattern">[A-Za-z][A-Za-z0-9+.\-]*:[^ \t\n]+</param></data></define>
<define name="date"><data type="dateTime"><param name="pattern">{_DATE}</param></data></define>
<define name="extension"><element><anyName><except><nsName/></except></anyName>
  <ref name="anything"/></element></define>
<define name="anything"><zeroOrMore><choice>
  <attribute><anyName/></attribute><text/>
  <element><anyName/><ref name="anything"/></element>
</choice></zeroOrMore></define>
</grammar>
"""

_ADDRESS = {"type": "string", "pattern": r"^https?://[^\s/]+(/\S*)?$"}
_WHEN = {"type": "string", "pattern": f"^{_DATE.replace(chr(92) + '-', '-')}$"}
_TEXT = {"type": "string", "minLength": 1}
_AUTHORS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": _TEXT, "url": _ADDRESS, "avatar": _ADDRESS},
        "minProperties": 1,
        "additionalProperties": False,
    },
}
_LANGUAGE = {"type": "string", "pattern": "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$"}
JSON_FEED: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": _TEXT,
        "home_page_url": _ADDRESS,
        "feed_url": _ADDRESS,
        "description": _TEXT,
        "user_comment": _TEXT,
        "next_url": _ADDRESS,
        "icon": _ADDRESS,
        "favicon": _ADDRESS,
        "authors": _AUTHORS,
        "language": _LANGUAGE,
        "expired": {"type": "boolean"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
                "properties": {
                    "id": _TEXT,
                    "url": _ADDRESS,
                    "external_url": _ADDRESS,
                    "title": _TEXT,
                    "content_html": _TEXT,
                    "content_text": _TEXT,
                    "summary": _TEXT,
                    "image": _ADDRESS,
                    "banner_image": _ADDRESS,
                    "date_published": _WHEN,
                    "date_modified": _WHEN,
                    "authors": _AUTHORS,
                    "tags": {"type": "array", "items": _TEXT, "uniqueItems": True},
                    "language": _LANGUAGE,
                    "attachments": {"type": "array"},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
