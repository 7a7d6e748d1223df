"""The only reader of expressions that users write, such as ``saturated_high > 0.01 and c == 1``.

The text is parsed into a syntax tree and rebuilt as a Polars expression, piece by allowed piece; nothing is
evaluated, and what is not listed here or in `smalti.table.methods` is refused.
"""

import ast
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Literal

import polars as pl

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.methods import METHODS, call
from smalti.table.terms import Term, column, comparable, literal, need

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse"]

MAX_LENGTH = 2_000
MAX_DEPTH = 60
MAX_EXPONENT = 16

_Operator = Callable[[pl.Expr, pl.Expr], pl.Expr]

_COMPARISONS: dict[type[ast.cmpop], _Operator] = {
    ast.Eq: eq,
    ast.NotEq: ne,
    ast.Lt: lt,
    ast.LtE: le,
    ast.Gt: gt,
    ast.GtE: ge,
}

_ARITHMETIC: dict[type[ast.operator], _Operator] = {
    ast.Add: pl.Expr.__add__,
    ast.Sub: pl.Expr.__sub__,
    ast.Mult: pl.Expr.__mul__,
    ast.Div: pl.Expr.__truediv__,
    ast.FloorDiv: pl.Expr.__floordiv__,
    ast.Mod: pl.Expr.__mod__,
    ast.Pow: pl.Expr.__pow__,
}

_BLANKS = dict.fromkeys(map(ord, "\t\n\r\f"), " ")  # a condition may be written over several lines

_NAMESPACES = ("str", "dt", "list")

_ALLOWED = (
    "write column names, numbers, text, comparisons, and/or/not, `in`, and methods such as "
    "is_null(), is_between(0, 1), str.contains('x')"
)

_LOGIC: dict[type[ast.boolop | ast.operator], _Operator] = {
    ast.And: and_,
    ast.Or: or_,
    ast.BitAnd: and_,
    ast.BitOr: or_,
}


def parse(
    text: str,
    columns: Mapping[str, pl.DataType] | Collection[str],
    gives: Literal["condition", "value"] = "condition",
) -> pl.Expr:
    """Turn what a user wrote into a Polars expression.

    Allowed are column names, bare or as ``pl.col("x")``; numbers, text, True, False, None;
    ``+ - * / // % **``; comparisons, also chained (``0 < x < 1``); ``in`` and ``not in`` a list, a text or a
    list column; ``is None``; ``and or not`` and ``& | ~``; the methods of `smalti.table.methods`, ``is_in``
    and ``over`` (one column). A time may be compared with an ISO date in quotes. Patterns are Rust regexes
    and take linear time.

    Parameters
    ----------
    text
        At most 2,000 characters.
    columns
        Columns of the table; with their types, mistakes of type are found too.
    gives
        ``"condition"`` for a filter, ``"value"`` to allow anything.

    Raises
    ------
    UnknownNameError
        A column or method that does not exist.
    UsageError
        Anything else that is wrong, with the piece of text that is.
    """
    known = columns if isinstance(columns, Mapping) else dict.fromkeys(columns)
    text = text.translate(_BLANKS).strip()
    term = _Reader(text, known).read(_tree(text))
    if gives == "condition":
        need(term, "condition", "a filter is")
    if isinstance(columns, Mapping):
        _try(term, columns)
    return term.expr


def _tree(text: str) -> ast.expr:
    if not text:
        raise UsageError("the expression is empty; write a condition, such as: mean > 100")
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the expression has {len(text):,} characters; at most {MAX_LENGTH:,} are read")
    try:
        with warnings.catch_warnings(
            action="ignore"
        ):  # Python warns of "\d" in patterns, which is right here
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = f" at character {error.offset}" if error.offset else ""
        raise UsageError(f"`{text}` is no expression: {error.msg}{place}") from None
    except (ValueError, RecursionError, MemoryError):
        raise UsageError("the expression cannot be read: it nests too deep or holds a NUL") from None


def _try(term: Term, schema: Mapping[str, pl.DataType]) -> None:
    """Run it on no rows: what Polars refuses must be said now, not when the table is read."""
    try:
        pl.DataFrame(schema=schema).select(term.expr)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"`{term.text}` cannot be computed: {reason}") from None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Rebuilds a syntax tree as a `Term`; a type of None is not known."""

    text: str
    columns: Mapping[str, pl.DataType | None]
    depth: int = 0

    def read(self, node: ast.expr) -> Term:
        if self.depth > MAX_DEPTH:
            raise UsageError(f"the expression nests deeper than {MAX_DEPTH}; split it into several filters")
        inner = _Reader(self.text, self.columns, self.depth + 1)
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
        raise UsageError(f"`{self._said(node)}` is not allowed here; {_ALLOWED}")

    def _said(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or self.text

    def _column(self, name: str) -> Term:
        if name not in self.columns:
            raise UnknownNameError("column", name, self.columns)
        return column(name, self.columns[name])

    def _logic(self, node: ast.expr, operator: _Operator, parts: list[ast.expr]) -> Term:
        why = "`and`, `or`, `&`, `|` join conditions (put each comparison in parentheses): expected"
        terms = [need(self.read(part), "condition", why) for part in parts]
        return Term(reduce(operator, (term.expr for term in terms)), "condition", self._said(node))

    def _arithmetic(self, node: ast.expr, op: ast.operator, left: ast.expr, right: ast.expr) -> Term:
        a, b = self.read(left), self.read(right)
        operator = _ARITHMETIC[type(op)]
        if isinstance(op, ast.Add) and a.kind == b.kind == "text":
            return Term(operator(a.expr, b.expr), "text", self._said(node))
        for term in (a, b):
            need(term, "number", "arithmetic needs")
        base = a.number
        if isinstance(op, ast.Pow):
            if b.value is None or abs(b.value) > MAX_EXPONENT:
                raise UsageError(
                    f"`{b.text}` is no exponent; give a number from -{MAX_EXPONENT} to {MAX_EXPONENT}"
                )
            base = base.cast(pl.Float64)  # whole numbers would overflow, and refuse negative exponents
        return Term(operator(base, b.number), "number", self._said(node))

    def _unary(self, node: ast.UnaryOp) -> Term:
        term, text = self.read(node.operand), self._said(node)
        if isinstance(node.op, ast.Not | ast.Invert):
            return Term(~need(term, "condition", "`not` and `~` turn round").expr, "condition", text)
        need(term, "number", "a sign needs")
        if isinstance(node.op, ast.UAdd):
            return term
        return Term(0 - term.number, "number", text) if term.value is None else literal(-term.value, text)

    def _compare(self, node: ast.Compare) -> Term:
        nodes = [node.left, *node.comparators]
        results = [
            self._one(self.read(left), op, right)
            for left, op, right in zip(nodes, node.ops, nodes[1:], strict=False)
        ]
        return Term(reduce(and_, results), "condition", self._said(node))

    def _one(self, left: Term, op: ast.cmpop, node: ast.expr) -> pl.Expr:
        if isinstance(op, ast.In | ast.NotIn):
            found = self._within(left, node)
            return found if isinstance(op, ast.In) else ~found
        right = self.read(node)
        if right.kind == "nothing" and isinstance(op, ast.Is | ast.Eq):
            return left.expr.is_null()
        if right.kind == "nothing" and isinstance(op, ast.IsNot | ast.NotEq):
            return left.expr.is_not_null()
        if isinstance(op, ast.Is | ast.IsNot):
            raise UsageError(
                f"`is {right.text}` is not allowed: `is` and `is not` go with None, else write == or !="
            )
        return _COMPARISONS[type(op)](*comparable(left, right))

    def _within(self, left: Term, node: ast.expr) -> pl.Expr:
        """Whether a term is in a list as written, in a list column, or part of a text."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            pairs = [comparable(left, self.read(item)) for item in node.elts]
            return reduce(or_, (a == b for a, b in pairs), pl.lit(False))
        right = self.read(node)
        if right.kind == "text":
            return right.expr.str.contains(need(left, "text", "in a text can be").expr, literal=True)
        return need(right, "list", "`in` looks into a text or").expr.list.contains(left.expr)

    def _call(self, node: ast.Call) -> Term:
        text, where = self._said(node), node.func
        if _is_col(where):
            return self._column(_name(self._only_argument(node)))
        if not isinstance(where, ast.Attribute):
            raise UsageError(f"`{text}` is not allowed: only methods can be called, such as mean.is_null()")
        owner, name = _method(where)
        term = self.read(owner)
        if name == "over":
            groups = self._column(_name(self._only_argument(node)))
            return Term(term.expr.over(groups.expr), term.kind, text)
        if name == "is_in":
            items = self._only_argument(node)
            if not isinstance(items, ast.List | ast.Tuple | ast.Set):
                raise UsageError(f"`{text}`: is_in() takes a list, such as ['ok', 'partial']")
            return Term(self._within(term, items), "condition", text)
        if name not in METHODS:
            raise UnknownNameError("method", name, [*METHODS, "is_in", "over"])
        named = {keyword.arg or "**": self.read(keyword.value) for keyword in node.keywords}
        return call(name, term, [self.read(arg) for arg in node.args], named, text)

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
