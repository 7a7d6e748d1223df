"""From a syntax tree to a `Term`, piece by allowed piece; what is not listed is refused."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import polars as pl

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table import rules
from smalti.table.methods import METHODS, call
from smalti.table.source import Source, joined, lit
from smalti.table.terms import Term, column, comparable, computed, literal, need

__all__ = ["MAX_DEPTH", "PART", "Reader"]

MAX_DEPTH = 60
MAX_EXPONENT = 16

PART = re.compile(r"path\[(-?\d{1,2})\]")
"""How a folder of the path is named where a column is."""

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}

_OWN = ("in_polygon", "is_bottom", "is_in", "is_outlier", "is_top", "over")
"""Methods beside those of `smalti.table.methods`."""

_NAMESPACES = ("str", "dt", "list")

_ALLOWED = (
    "write column names, numbers, text, comparisons, and/or/not, `in`, and methods such as "
    "is_null(), is_between(0, 1), str.contains('x')"
)

_LOGIC: dict[type[ast.boolop | ast.operator], Literal["&", "|"]] = {
    ast.And: "&",
    ast.Or: "|",
    ast.BitAnd: "&",
    ast.BitOr: "|",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Rebuilds a syntax tree as a `Term`; a type of None is not known."""

    text: str
    columns: Mapping[str, pl.DataType | None]
    depth: int = 0

    def read(self, node: ast.expr) -> Term:
        """The term of a piece of the tree."""
        if self.depth > MAX_DEPTH:
            raise UsageError(f"the expression nests deeper than {MAX_DEPTH}; split it into several filters")
        inner = Reader(self.text, self.columns, self.depth + 1)
        match node:
            case ast.Constant(value=value):
                return literal(value, self._said(node))
            case ast.Name(id=name):
                return self._column(name)
            case ast.BoolOp(op=op, values=values):
                return inner._logic(node, _LOGIC[type(op)], values)
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr() as op, left=left, right=right):
                return inner._logic(node, _LOGIC[type(op)], [left, right])
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _ARITHMETIC:
                return inner._arithmetic(node, op, left, right)
            case ast.UnaryOp():
                return inner._unary(node)
            case ast.Compare():
                return inner._compare(node)
            case ast.Call():
                return inner._call(node)
            case ast.Subscript() if part := PART.fullmatch(self._said(node)):
                return inner._folder(int(part[1]))
        raise UsageError(f"`{self._said(node)}` is not allowed here; {_ALLOWED}")

    def _said(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or self.text

    def _column(self, name: str) -> Term:
        if name not in self.columns:
            raise UnknownNameError("column", name, self.columns)
        return column(name, self.columns[name])

    def _logic(self, node: ast.expr, symbol: Literal["&", "|"], parts: list[ast.expr]) -> Term:
        why = "`and`, `or`, `&`, `|` join conditions (put each comparison in parentheses): expected"
        terms = [need(self.read(part), "condition", why) for part in parts]
        return Term(joined(symbol, [term.source for term in terms]), "condition", self._said(node))

    def _arithmetic(self, node: ast.expr, op: ast.operator, left: ast.expr, right: ast.expr) -> Term:
        a, b = self.read(left), self.read(right)
        symbol = _ARITHMETIC[type(op)]
        if isinstance(op, ast.Add) and a.kind == b.kind == "text":
            return Term(a.source.with_operator(symbol, b.source), "text", self._said(node))
        for term in (a, b):
            need(term, "number", "arithmetic needs")
        base = a.operand
        if isinstance(op, ast.Pow):
            if b.value is None or abs(b.value) > MAX_EXPONENT:
                raise UsageError(
                    f"`{b.text}` is no exponent; give a number from -{MAX_EXPONENT} to {MAX_EXPONENT}"
                )
            base = base.cast(pl.Float64())  # whole numbers would overflow, and refuse negative exponents
        return computed(base.with_operator(symbol, b.operand), self._said(node))

    def _unary(self, node: ast.UnaryOp) -> Term:
        term, text = self.read(node.operand), self._said(node)
        if isinstance(node.op, ast.Not | ast.Invert):
            return Term(~need(term, "condition", "`not` and `~` turn round").source, "condition", text)
        need(term, "number", "a sign needs")
        if isinstance(node.op, ast.UAdd):
            return term
        if term.value is not None:
            return literal(-term.value, text)
        return computed(lit(0).with_operator("-", term.operand), text)

    def _compare(self, node: ast.Compare) -> Term:
        nodes = [node.left, *node.comparators]
        results = [
            self._one(self.read(left), op, right)
            for left, op, right in zip(nodes, node.ops, nodes[1:], strict=False)
        ]
        return Term(joined("&", results), "condition", self._said(node))

    def _one(self, left: Term, op: ast.cmpop, node: ast.expr) -> Source:
        if isinstance(op, ast.In | ast.NotIn):
            found = self._within(left, node)
            return found if isinstance(op, ast.In) else ~found
        right = self.read(node)
        if right.kind == "nothing" and isinstance(op, ast.Is | ast.Eq):
            return left.source.call("is_null")
        if right.kind == "nothing" and isinstance(op, ast.IsNot | ast.NotEq):
            return left.source.call("is_not_null")
        if isinstance(op, ast.Is | ast.IsNot):
            raise UsageError(
                f"`is {right.text}` is not allowed: `is` and `is not` go with None, else write == or !="
            )
        a, b = comparable(left, right)
        return a.with_operator(_COMPARISONS[type(op)], b)

    def _within(self, left: Term, node: ast.expr) -> Source:
        """Whether a term is in a list as written, in a list column, or part of a text."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return self._among(left, [self.read(item) for item in node.elts])
        right = self.read(node)
        if right.kind == "text":
            part = need(left, "text", "in a text can be").source
            return right.source.call("str.contains", part, literal=True)
        return need(right, "list", "`in` looks into a text or").source.call("list.contains", left.source)

    def _among(self, left: Term, items: list[Term]) -> Source:
        pairs = [comparable(left, item) for item in items]
        if not items:
            return left.source.with_operator("!=", left.source)  # false, and null where it is null
        if left.kind == "text" and all(isinstance(item.value, str) for item in items):
            return left.source.call("is_in", [item.value for item in items])
        return joined("|", [a.with_operator("==", b) for a, b in pairs])

    def _call(self, node: ast.Call) -> Term:
        text, where = self._said(node), node.func
        if _is_col(where):
            return self._column(_name(self._only_argument(node)))
        if not isinstance(where, ast.Attribute):
            raise UsageError(f"`{text}` is not allowed: only methods can be called, such as mean.is_null()")
        owner, name = _method(where)
        term = self.read(owner)
        if name in _OWN:
            return self._own(name, term, node)
        if name not in METHODS:
            raise UnknownNameError("method", name, [*METHODS, *_OWN])
        named = {keyword.arg or "**": self.read(keyword.value) for keyword in node.keywords}
        return call(name, term, [self.read(arg) for arg in node.args], named, text)

    def _own(self, name: str, term: Term, node: ast.Call) -> Term:
        """Methods that take lists or names of columns, or that Polars does not have."""
        text = self._said(node)
        if name == "over":
            return Term(term.source.call("over", self._group(self._only_argument(node))), term.kind, text)
        if name == "is_in":
            items = self._only_argument(node)
            if not isinstance(items, ast.List | ast.Tuple | ast.Set):
                raise UsageError(f"`{text}`: is_in() takes a list, such as ['ok', 'partial']")
            return Term(self._within(term, items), "condition", text)
        values = need(term, "number", f"{name}() works on").number
        if name == "in_polygon":
            return Term(self._in_polygon(values, node), "condition", text)
        if name == "is_outlier":
            return Term(self._outlier(values, node), "condition", text)
        k = self.read(self._only_argument(node)).value
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise UsageError(f"`{text}`: {name}(k) takes how many rows, a whole number from 1")
        return Term((rules.top if name == "is_top" else rules.bottom)(values, k), "condition", text)

    def _outlier(self, values: Source, node: ast.Call) -> Source:
        if not 1 <= len(node.args) <= 2 or node.keywords:
            raise UsageError(f"`{self._said(node)}`: is_outlier(k) or is_outlier(k, 'column')")
        k = self.read(node.args[0]).value
        if isinstance(k, bool) or not isinstance(k, int | float) or not 0 <= k < float("inf"):
            raise UsageError(f"`{self._said(node)}`: k is a number of standard deviations, such as 3.5")
        return rules.outlier(values, k, self._group(node.args[1]) if len(node.args) == 2 else None)

    def _in_polygon(self, x: Source, node: ast.Call) -> Source:
        if len(node.args) != 2 or node.keywords or not isinstance(node.args[1], ast.List | ast.Tuple):
            raise UsageError(f"`{self._said(node)}`: in_polygon(y, [(0, 0), (1, 0), (0, 1)])")
        y = need(self.read(node.args[0]), "number", "a polygon needs").number
        vertices = [self._vertex(item) for item in node.args[1].elts]
        if len(vertices) < 3:
            raise UsageError(f"a polygon has three vertices or more, this one {len(vertices)}")
        return rules.in_polygon(x, y, vertices)

    def _vertex(self, node: ast.expr) -> tuple[float, float]:
        if isinstance(node, ast.Tuple | ast.List) and len(node.elts) == 2:
            a, b = (self.read(item) for item in node.elts)
            if all(term.kind == "number" and isinstance(term.value, int | float) for term in (a, b)) and (
                isfinite(a.value) and isfinite(b.value)
            ):
                return float(a.value), float(b.value)
        raise UsageError(f"`{self._said(node)}` is no vertex; write it like (0.5, 12)")

    def _group(self, node: ast.expr) -> Source:
        """A column to group by, or a folder of the path."""
        if isinstance(node, ast.Subscript):
            return self.read(node).source
        name = _name(node)
        part = PART.fullmatch(name)
        return self._folder(int(part[1])).source if part else self._column(name).source

    def _folder(self, index: int) -> Term:
        return Term(rules.folder(self._column("path").source, index), "text", f"path[{index}]")

    def _only_argument(self, node: ast.Call) -> ast.expr:
        if len(node.args) != 1 or node.keywords:
            raise UsageError(f"`{self._said(node)}` takes one argument, without a name")
        return node.args[0]


def _is_col(node: ast.expr) -> bool:
    """Whether it is ``col`` or ``pl.col``."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return (node.value.id, node.attr) == ("pl", "col")
    return isinstance(node, ast.Name) and node.id == "col"


def _method(where: ast.Attribute) -> tuple[ast.expr, str]:
    """What a method is called on, and its name with its namespace."""
    inner = where.value
    if isinstance(inner, ast.Attribute) and inner.attr in _NAMESPACES:
        return inner.value, f"{inner.attr}.{where.attr}"
    return inner, where.attr


def _name(node: ast.expr) -> str:
    """The column that an argument names, in quotes or bare."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name):
        return node.id
    raise UsageError(f"`{ast.unparse(node)}` names no column; give the name in quotes")
