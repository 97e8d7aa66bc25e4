using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Hosting;

/// <summary>Turns plain values into values of the language and back.</summary>
internal static class HostValues
{
    public static readonly object True = true;
    public static readonly object False = false;

    private const double LargestInteger = 9007199254740992d;

    private static readonly object[] SmallIntegers = [.. Enumerable.Range(-128, 1152).Select(i => (object)(long)i)];

    public static JsValue FromHost(Realm realm, object? value)
    {
        switch (value)
        {
            case null:
                return JsValue.Null;
            case string text:
                return text;
            case bool flag:
                return flag;
            case int number:
                return number;
            case long number:
                return number;
            case double number:
                return number;
            case JsonElement element:
                return FromJson(realm, element);
            case Dictionary<string, object?>:
                return new DictionaryView(realm, value);
            case HostFunction function:
                return MakeFunction(realm, function);
            case HostObject host:
                return realm.ViewOf(host);
            case BigInteger number:
                return new JsBigInt(number);
            case DateTimeOffset date:
                return new JsDate(realm.Intrinsic(IntrinsicId.DatePrototype), date.ToUnixTimeMilliseconds());
            case byte[] bytes:
                return new BytesView(realm, bytes);
            default:
                return FromOther(realm, value);
        }
    }

    private static JsValue FromOther(Realm realm, object value)
    {
        switch (value)
        {
            case DateTime date:
                var instant = date.Kind == DateTimeKind.Unspecified ? new DateTimeOffset(date, TimeSpan.Zero) : new DateTimeOffset(date);
                return new JsDate(realm.Intrinsic(IntrinsicId.DatePrototype), instant.ToUnixTimeMilliseconds());
            case float or decimal or short or ushort or uint or ulong or byte or sbyte:
                return Convert.ToDouble(value, CultureInfo.InvariantCulture);
            case char or Guid or Enum or Uri or Version or DateOnly or TimeOnly or TimeSpan:
                return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            case JsonDocument document:
                return FromJson(realm, document.RootElement);
            case JsonValue leaf:
                return FromJson(realm, leaf.GetValueKind() == JsonValueKind.Undefined ? default : JsonSerializer.SerializeToElement(leaf));
            case JsonObject:
                return new DictionaryView(realm, value);
            case JsonArray list:
                return new ListView(realm, list, [.. list]);
            case IReadOnlyDictionary<string, object?> or IDictionary<string, object?> or IDictionary:
                return new DictionaryView(realm, value);
            case IReadOnlyList<object?> list:
                return new ListView(realm, list, list);
            case IList list:
                return new ListView(realm, list, new ListOfAny(list));
            case Task<object?> task:
                return JsPromise.FromTask(realm, task);
            case IEnumerable items:
                var all = items.Cast<object?>().ToList();
                return new ListView(realm, all, all);
            default:
                throw new ArgumentException($"A value of type {value.GetType()} cannot be given to a script; give it as JSON, a dictionary, a list or text.", nameof(value));
        }
    }

    public static JsValue FromJson(Realm realm, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new JsonObjectView(realm, element),
        JsonValueKind.Array => new JsonArrayView(realm, element),
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Number => JsonNumbers.Read(element),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => JsValue.Null,
        _ => default,
    };

    private static NativeFunction MakeFunction(Realm realm, HostFunction function) =>
        new(realm, "", 0, (r, _, arguments) =>
        {
            var plain = new object?[arguments.Length];
            for (var i = 0; i < plain.Length; i++)
                plain[i] = ToHost(r, arguments[i]);
            return FromHost(r, HostCalls.Guard(() => function(plain)));
        });

    public static object ToHostNumber(double number)
    {
        if (Math.Floor(number) == number && Math.Abs(number) <= LargestInteger)
        {
            var integer = (long)number;
            return integer is >= -128 and < 1024 ? SmallIntegers[integer + 128] : integer;
        }

        return number;
    }

    public static object? ToHost(Realm realm, JsValue value)
    {
        switch (value.Type)
        {
            case JsType.Boolean:
                return value.IsTrue ? True : False;
            case JsType.Number:
                return ToHostNumber(value.AsNumber());
            case JsType.String:
                return value.AsString();
            case JsType.BigInt:
                return ((JsBigInt)value.Reference!).Value;
            case JsType.Symbol:
                return value.ToString();
            case JsType.Object:
                return new ObjectConverter(realm).Convert(value.AsObject()!);
            default:
                return null;
        }
    }

    /// <summary>Converts one object and what hangs on it, refusing rings.</summary>
    private sealed class ObjectConverter(Realm realm)
    {
        private readonly HashSet<JsObject> _open = [];
        private HashSet<object>? _given;
        private long _repeated;

        public object? Convert(JsObject o)
        {
            switch (o)
            {
                case IHostView { IsUntouched: true } view:
                    CountRepeated(view);
                    return view.Original;
                case HostObjectView host:
                    return host.Host;
                case BytesView bytes:
                    return bytes.Bytes;
                case JsFunction:
                    return null;
                case JsDate date:
                    return date.ToInstant();
                case JsPrimitiveObject primitive:
                    return ToHost(realm, primitive.Value);
                case JsStringObject text:
                    return text.Value;
                case JsRegExp regex:
                    return regex.ToString();
                case JsPromise promise:
                    return promise.State == PromiseState.Fulfilled ? Item(promise.Result) : null;
            }

            if (!_open.Add(o))
                throw Errors.Type("The result refers to itself, so it cannot be given out");
            realm.EnterCall();
            var made = ConvertParts(o);
            realm.Depth--;
            _open.Remove(o);
            return made;
        }

        private object ConvertParts(JsObject o) => o switch
        {
            JsArray array => ConvertArray(array),
            JsMap map => ConvertMap(map),
            JsSet set => set.Entries.Live().Select(e => Item(e.Key)).ToList(),
            JsError error => ConvertError(error),
            _ => ConvertObject(o),
        };

        private object? Item(JsValue value)
        {
            if (value.AsObject() is { } o)
                return Convert(o);
            if (value.IsString)
                CountText(value.AsString().Length);
            return ToHost(realm, value);
        }

        /// <summary>
        /// What stands in a result many times is one object in memory, but not where the result is written out: there it must not be
        /// longer than what the evaluation may use.
        /// </summary>
        private void CountRepeated(IHostView view)
        {
            if ((_given ??= []).Add(view))
                return;
            var size = HostSizes.Of(view.Original, realm.Limits.MaxMemory);
            realm.Work(size >> 6);
            CountText(size);
        }

        private void CountText(long length)
        {
            _repeated += length;
            if (_repeated > realm.Limits.MaxMemory)
                throw realm.LimitPassed($"The result is larger than {realm.Limits.MaxMemory} bytes (MaxMemory)");
        }

        private List<object?> ConvertArray(JsArray array)
        {
            var list = new List<object?>(array.Length);
            for (var i = 0; i < array.Length; i++)
            {
                realm.Step();
                list.Add(Item(array.GetIndex((uint)i)));
            }

            return list;
        }

        private object ConvertMap(JsMap map)
        {
            if (map.Entries.Live().All(e => e.Key.IsString))
                return map.Entries.Live().ToDictionary(e => e.Key.AsString(), e => Item(e.Value));
            return map.Entries.Live().Select(e => (object?)new List<object?> { Item(e.Key), Item(e.Value) }).ToList();
        }

        private Dictionary<string, object?> ConvertError(JsError error)
        {
            var made = new Dictionary<string, object?>
            {
                ["name"] = Item(error.Get("name")),
                ["message"] = Item(error.Get("message")),
            };
            foreach (var (name, item) in ConvertObject(error))
                made[name] = item;
            return made;
        }

        private Dictionary<string, object?> ConvertObject(JsObject o)
        {
            var made = new Dictionary<string, object?>();
            foreach (var key in o.OwnKeys())
            {
                realm.Step();
                if (key.Value is string name && o.TryGetOwn(key, out var property) && property.Enumerable)
                    made[name] = Item(property.IsAccessor ? o.Get(key) : property.Value);
            }

            return made;
        }
    }
}
