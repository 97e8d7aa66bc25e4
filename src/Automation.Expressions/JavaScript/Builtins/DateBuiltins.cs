using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>Date and Date.prototype; the clock and the local time zone are the evaluation's.</summary>
internal static class DateBuiltins
{
    public static readonly BuiltinTemplate Prototype = Make();

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Method("now", 0, (realm, _, _) => Now(realm))
        .Method("parse", 1, (realm, _, a) => DateText.Parse(Operators.ToText(a.At(0)), realm.Zone))
        .Method("UTC", 7, (_, _, a) => DateMath.Clip(FromParts(a)));

    private enum Part
    {
        FullYear,
        Month,
        Date,
        Hours,
        Minutes,
        Seconds,
        Milliseconds,
        Day,
    }

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Date", 7,
        (r, _, _) => ToText(r, Now(r)),
        Construct, Statics, r => r.Intrinsic(IntrinsicId.DatePrototype));

    private static BuiltinTemplate Make()
    {
        var template = new BuiltinTemplate().Intrinsic("constructor", IntrinsicId.Date);
        foreach (var part in Enum.GetValues<Part>())
        {
            template.Method($"get{part}", 0, (realm, self, _) => Get(realm, self, part, utc: false));
            template.Method($"getUTC{part}", 0, (realm, self, _) => Get(realm, self, part, utc: true));
            if (part == Part.Day)
                continue;
            var length = part switch { Part.Hours => 4, Part.Minutes or Part.FullYear => 3, Part.Seconds or Part.Month => 2, _ => 1 };
            template.Method($"set{part}", length, (realm, self, a) => Set(realm, self, a, part, utc: false));
            template.Method($"setUTC{part}", length, (realm, self, a) => Set(realm, self, a, part, utc: true));
        }

        return template
            .Method("getTime", 0, (_, self, _) => This(self).Time)
            .Method("getTimezoneOffset", 0, (realm, self, _) => This(self).Time is var t && double.IsNaN(t) ? t : -DateMath.Offset(realm.Zone, t) / 60000)
            .Method("getYear", 0, (realm, self, _) => Get(realm, self, Part.FullYear, utc: false).AsNumber() - 1900)
            .Method("setYear", 1, SetYear)
            .Method("setTime", 1, (_, self, a) =>
            {
                var date = This(self);
                return date.Time = DateMath.Clip(Operators.ToNumber(a.At(0)));
            })
            .Method("toDateString", 0, (realm, self, _) => Write(self, t => DateText.Date(DateMath.ToLocal(realm.Zone, t))))
            .Method("toISOString", 0, (_, self, _) => double.IsNaN(This(self).Time) ? throw Errors.Range("Invalid time value") : DateText.Iso(This(self).Time))
            .Method("toJSON", 1, ToJson)
            .Method("toLocaleDateString", 0, (realm, self, a) => Write(self, t => IntlBuiltins.FormatDate(realm, t, "date"), a, realm, "date"))
            .Method("toLocaleString", 0, (realm, self, a) => Write(self, t => IntlBuiltins.FormatDate(realm, t, "any"), a, realm, "any"))
            .Method("toLocaleTimeString", 0, (realm, self, a) => Write(self, t => IntlBuiltins.FormatDate(realm, t, "time"), a, realm, "time"))
            .Method("toString", 0, (realm, self, _) => ToText(realm, This(self).Time))
            .Method("toTimeString", 0, (realm, self, _) => Write(self, t => $"{DateText.Time(DateMath.ToLocal(realm.Zone, t))} {DateText.Zone(realm.Zone, t)}"))
            .Method("toUTCString", 0, (_, self, _) => Write(self, DateText.Utc))
            .Lazy("toGMTString", realm => realm.Intrinsic(IntrinsicId.DatePrototype).Get("toUTCString"))
            .Method("valueOf", 0, (_, self, _) => This(self).Time)
            .Lazy(JsSymbol.ToPrimitive, realm => new NativeFunction(realm, "[Symbol.toPrimitive]", 1, ToPrimitive), PropertyFlags.Configurable);
    }

    private static JsDate This(JsValue self) => self.Reference as JsDate ?? throw Errors.Type("this is not a Date object.");

    private static double Now(Realm realm) => realm.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static string ToText(Realm realm, double t) => double.IsNaN(t)
        ? "Invalid Date"
        : $"{DateText.Date(DateMath.ToLocal(realm.Zone, t))} {DateText.Time(DateMath.ToLocal(realm.Zone, t))} {DateText.Zone(realm.Zone, t)}";

    private static JsValue Write(JsValue self, Func<double, string> write) => double.IsNaN(This(self).Time) ? "Invalid Date" : write(This(self).Time);

    private static JsValue Write(JsValue self, Func<double, string> plain, ReadOnlySpan<JsValue> arguments, Realm realm, string what)
    {
        var t = This(self).Time;
        if (double.IsNaN(t))
            return "Invalid Date";
        return arguments.Length == 0 ? plain(t) : IntlBuiltins.FormatDate(realm, t, what, arguments.At(0), arguments.At(1));
    }

    private static double FromParts(ReadOnlySpan<JsValue> a)
    {
        var year = Operators.ToNumber(a.At(0));
        var month = a.Length > 1 ? Operators.ToNumber(a[1]) : 0;
        var date = a.Length > 2 ? Operators.ToNumber(a[2]) : 1;
        var hour = a.Length > 3 ? Operators.ToNumber(a[3]) : 0;
        var minute = a.Length > 4 ? Operators.ToNumber(a[4]) : 0;
        var second = a.Length > 5 ? Operators.ToNumber(a[5]) : 0;
        var ms = a.Length > 6 ? Operators.ToNumber(a[6]) : 0;
        return DateMath.MakeDate(DateMath.MakeDay(FullYear(year), month, date), DateMath.MakeTime(hour, minute, second, ms));
    }

    private static double FullYear(double year) => Math.Truncate(year) is >= 0 and <= 99 ? 1900 + Math.Truncate(year) : year;

    private static JsObject Construct(Realm realm, ReadOnlySpan<JsValue> arguments, JsObject newTarget)
    {
        double time;
        if (arguments.Length == 0)
        {
            time = Now(realm);
        }
        else if (arguments.Length == 1)
        {
            if (arguments[0].Reference is JsDate other)
            {
                time = other.Time;
            }
            else
            {
                var value = Operators.ToPrimitive(arguments[0]);
                time = value.IsString ? DateText.Parse(value.AsString(), realm.Zone) : DateMath.Clip(Operators.ToNumber(value));
            }
        }
        else
        {
            time = DateMath.Clip(DateMath.ToUtc(realm.Zone, FromParts(arguments)));
        }

        return new JsDate(realm.PrototypeFor(newTarget, IntrinsicId.DatePrototype), time);
    }

    private static JsValue Get(Realm realm, JsValue self, Part part, bool utc)
    {
        var t = This(self).Time;
        if (double.IsNaN(t))
            return t;
        if (!utc)
            t = DateMath.ToLocal(realm.Zone, t);
        var inDay = DateMath.TimeInDay(t);
        return part switch
        {
            Part.FullYear => DateMath.Civil(t).Year,
            Part.Month => DateMath.Civil(t).Month,
            Part.Date => DateMath.Civil(t).Date,
            Part.Hours => Math.Floor(inDay / 3600000),
            Part.Minutes => Math.Floor(inDay / 60000) % 60,
            Part.Seconds => Math.Floor(inDay / 1000) % 60,
            Part.Milliseconds => inDay % 1000,
            _ => DateMath.WeekDay(t),
        };
    }

    private static JsValue Set(Realm realm, JsValue self, ReadOnlySpan<JsValue> a, Part part, bool utc)
    {
        var date = This(self);
        var t = date.Time;
        Span<double> given = stackalloc double[4];
        for (var i = 0; i < 4; i++)
            given[i] = i < a.Length ? Operators.ToNumber(a[i]) : double.NaN;
        if (a.Length == 0)
            given[0] = double.NaN;
        if (double.IsNaN(t))
        {
            if (part != Part.FullYear)
                return t;
            t = 0;
        }
        else if (!utc)
        {
            t = DateMath.ToLocal(realm.Zone, t);
        }

        var (year, month, day) = DateMath.Civil(t);
        Span<double> parts = [year, month, day, 0, 0, 0, 0];
        var inDay = DateMath.TimeInDay(t);
        parts[3] = Math.Floor(inDay / 3600000);
        parts[4] = Math.Floor(inDay / 60000) % 60;
        parts[5] = Math.Floor(inDay / 1000) % 60;
        parts[6] = inDay % 1000;
        var most = part switch { Part.FullYear => 3, Part.Month => 2, Part.Date => 1, Part.Hours => 4, Part.Minutes => 3, Part.Seconds => 2, _ => 1 };
        for (var i = 0; i < Math.Max(1, Math.Min(a.Length, most)); i++)
            parts[(int)part + i] = given[i];
        var made = DateMath.MakeDate(DateMath.MakeDay(parts[0], parts[1], parts[2]), DateMath.MakeTime(parts[3], parts[4], parts[5], parts[6]));
        return date.Time = DateMath.Clip(utc ? made : DateMath.ToUtc(realm.Zone, made));
    }

    private static JsValue SetYear(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        This(self);
        var year = Operators.ToNumber(arguments.At(0));
        return Set(realm, self, [FullYear(year)], Part.FullYear, utc: false);
    }

    private static JsValue ToJson(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var value = Operators.ToPrimitive(o, "number");
        return value.IsNumber && !double.IsFinite(value.AsNumber()) ? JsValue.Null : o.Invoke("toISOString");
    }

    private static JsValue ToPrimitive(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = self.AsObject() ?? throw Errors.Type("Date.prototype[Symbol.toPrimitive] called on non-object");
        var hint = arguments.At(0).IsString ? arguments.At(0).AsString() : "";
        if (hint is not ("string" or "default" or "number"))
            throw Errors.Type("Invalid hint: " + Operators.Describe(arguments.At(0)));
        foreach (var name in hint == "number" ? new[] { "valueOf", "toString" } : ["toString", "valueOf"])
        {
            if (o.Get(name).AsFunction() is { } method && method.Call(o, []) is { IsObject: false } value)
                return value;
        }

        throw Errors.Type("Cannot convert object to primitive value");
    }
}
