using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

internal enum IntrinsicId
{
    ObjectPrototype,
    FunctionPrototype,
    ArrayPrototype,
    StringPrototype,
    NumberPrototype,
    BooleanPrototype,
    SymbolPrototype,
    BigIntPrototype,
    DatePrototype,
    RegExpPrototype,
    MapPrototype,
    SetPrototype,
    WeakMapPrototype,
    WeakSetPrototype,
    PromisePrototype,
    IteratorPrototype,
    ArrayIteratorPrototype,
    StringIteratorPrototype,
    MapIteratorPrototype,
    SetIteratorPrototype,
    RegExpStringIteratorPrototype,
    NumberFormatPrototype,
    DateTimeFormatPrototype,

    // In the order of ErrorKind.
    ErrorPrototype,
    TypeErrorPrototype,
    RangeErrorPrototype,
    ReferenceErrorPrototype,
    SyntaxErrorPrototype,
    EvalErrorPrototype,
    URIErrorPrototype,
    AggregateErrorPrototype,

    Object,
    Function,
    Array,
    String,
    Number,
    Boolean,
    Symbol,
    BigInt,
    Date,
    RegExp,
    Map,
    Set,
    WeakMap,
    WeakSet,
    Promise,
    Iterator,
    NumberFormat,
    DateTimeFormat,

    Error,
    TypeError,
    RangeError,
    ReferenceError,
    SyntaxError,
    EvalError,
    URIError,
    AggregateError,

    Math,
    Json,
    Intl,
    Console,
    ThrowTypeError,
}

/// <summary>How each built-in object of an evaluation comes into being.</summary>
internal static class Intrinsics
{
    private static readonly Func<Realm, JsObject>[] Makers = MakeTable();

    public static int Count => (int)IntrinsicId.ThrowTypeError + 1;

    public static JsObject Make(Realm realm, IntrinsicId id) => Makers[(int)id](realm);

    private static Func<Realm, JsObject>[] MakeTable()
    {
        var table = new Func<Realm, JsObject>[Count];
        Fill(table);
        for (var i = 0; i < table.Length; i++)
        {
            if (table[i] is null)
                throw new InvalidOperationException($"The intrinsic {(IntrinsicId)i} has no maker");
        }

        return table;
    }

    private static void Fill(Func<Realm, JsObject>[] table)
    {
        void Set(IntrinsicId id, Func<Realm, JsObject> make) => table[(int)id] = make;

        // A prototype whose own prototype is Object.prototype.
        void Plain(IntrinsicId id, BuiltinTemplate template) => Set(id, realm => new BuiltinObject(realm, template, realm.ObjectPrototype));

        void Derived(IntrinsicId id, BuiltinTemplate template, IntrinsicId parent) => Set(id, realm => new BuiltinObject(realm, template, realm.Intrinsic(parent)));

        Set(IntrinsicId.ObjectPrototype, realm => new BuiltinObject(realm, ObjectBuiltins.Prototype, prototype: null));
        Set(IntrinsicId.FunctionPrototype, FunctionBuiltins.MakePrototype);
        Set(IntrinsicId.ArrayPrototype, realm => new BuiltinObject(realm, ArrayBuiltins.Prototype, realm.ObjectPrototype));
        Plain(IntrinsicId.StringPrototype, StringBuiltins.Prototype);
        Plain(IntrinsicId.NumberPrototype, NumberBuiltins.Prototype);
        Plain(IntrinsicId.BooleanPrototype, BooleanBuiltins.Prototype);
        Plain(IntrinsicId.SymbolPrototype, SymbolBuiltins.Prototype);
        Plain(IntrinsicId.BigIntPrototype, BigIntBuiltins.Prototype);
        Plain(IntrinsicId.DatePrototype, DateBuiltins.Prototype);
        Plain(IntrinsicId.RegExpPrototype, RegExpBuiltins.Prototype);
        Plain(IntrinsicId.MapPrototype, MapBuiltins.Prototype);
        Plain(IntrinsicId.SetPrototype, SetBuiltins.Prototype);
        Plain(IntrinsicId.WeakMapPrototype, WeakBuiltins.MapPrototype);
        Plain(IntrinsicId.WeakSetPrototype, WeakBuiltins.SetPrototype);
        Plain(IntrinsicId.PromisePrototype, PromiseBuiltins.Prototype);
        Plain(IntrinsicId.IteratorPrototype, IteratorBuiltins.Prototype);
        Derived(IntrinsicId.ArrayIteratorPrototype, IteratorBuiltins.ArrayIterator, IntrinsicId.IteratorPrototype);
        Derived(IntrinsicId.StringIteratorPrototype, IteratorBuiltins.StringIterator, IntrinsicId.IteratorPrototype);
        Derived(IntrinsicId.MapIteratorPrototype, IteratorBuiltins.MapIterator, IntrinsicId.IteratorPrototype);
        Derived(IntrinsicId.SetIteratorPrototype, IteratorBuiltins.SetIterator, IntrinsicId.IteratorPrototype);
        Derived(IntrinsicId.RegExpStringIteratorPrototype, IteratorBuiltins.RegExpStringIterator, IntrinsicId.IteratorPrototype);
        Plain(IntrinsicId.NumberFormatPrototype, IntlBuiltins.NumberFormatPrototype);
        Plain(IntrinsicId.DateTimeFormatPrototype, IntlBuiltins.DateTimeFormatPrototype);
        for (var kind = ErrorKind.Error; kind <= ErrorKind.AggregateError; kind++)
        {
            var k = kind;
            if (k == ErrorKind.Error)
                Plain(IntrinsicId.ErrorPrototype, ErrorBuiltins.PrototypeOf(k));
            else
                Derived(IntrinsicId.ErrorPrototype + (int)k, ErrorBuiltins.PrototypeOf(k), IntrinsicId.ErrorPrototype);
            Set(IntrinsicId.Error + (int)k, realm => ErrorBuiltins.MakeConstructor(realm, k));
        }

        Set(IntrinsicId.Object, ObjectBuiltins.MakeConstructor);
        Set(IntrinsicId.Function, FunctionBuiltins.MakeConstructor);
        Set(IntrinsicId.Array, ArrayBuiltins.MakeConstructor);
        Set(IntrinsicId.String, StringBuiltins.MakeConstructor);
        Set(IntrinsicId.Number, NumberBuiltins.MakeConstructor);
        Set(IntrinsicId.Boolean, BooleanBuiltins.MakeConstructor);
        Set(IntrinsicId.Symbol, SymbolBuiltins.MakeConstructor);
        Set(IntrinsicId.BigInt, BigIntBuiltins.MakeConstructor);
        Set(IntrinsicId.Date, DateBuiltins.MakeConstructor);
        Set(IntrinsicId.RegExp, RegExpBuiltins.MakeConstructor);
        Set(IntrinsicId.Map, MapBuiltins.MakeConstructor);
        Set(IntrinsicId.Set, SetBuiltins.MakeConstructor);
        Set(IntrinsicId.WeakMap, WeakBuiltins.MakeMapConstructor);
        Set(IntrinsicId.WeakSet, WeakBuiltins.MakeSetConstructor);
        Set(IntrinsicId.Promise, PromiseBuiltins.MakeConstructor);
        Set(IntrinsicId.Iterator, IteratorBuiltins.MakeConstructor);
        Set(IntrinsicId.NumberFormat, IntlBuiltins.MakeNumberFormat);
        Set(IntrinsicId.DateTimeFormat, IntlBuiltins.MakeDateTimeFormat);
        Plain(IntrinsicId.Math, MathBuiltins.Members);
        Plain(IntrinsicId.Json, JsonBuiltins.Members);
        Plain(IntrinsicId.Intl, IntlBuiltins.Members);
        Plain(IntrinsicId.Console, ConsoleBuiltins.Members);
        Set(IntrinsicId.ThrowTypeError, FunctionBuiltins.MakeThrower);
    }
}
