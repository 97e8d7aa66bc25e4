namespace Automation.Jobs.Cron;

/// <summary>Reads cron expressions.</summary>
internal static class CronParser
{
    private static readonly string[] MonthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] DayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private static readonly Field Seconds = new("seconds", 0, 59, [], 0);
    private static readonly Field Minutes = new("minutes", 0, 59, [], 0);
    private static readonly Field Hours = new("hours", 0, 23, [], 0);
    private static readonly Field DaysOfMonth = new("day of month", 1, 31, [], 0);
    private static readonly Field Months = new("month", 1, 12, MonthNames, 1);
    private static readonly Field DaysOfWeek = new("day of week", 0, 7, DayNames, 0);

    public static CronFields Parse(string expression)
    {
        var text = expression.Trim();
        if (text.StartsWith('@'))
            text = Macro(text);

        var parts = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
            throw new CronFormatException($"A cron expression has 5 fields, or 6 with seconds first; \"{expression}\" has {parts.Length}.");

        var interval = false;
        var seconds = parts.Length == 6 ? ParseSet(Seconds, parts[0], ref interval) : 1UL;
        var at = parts.Length - 5;
        var minutes = ParseSet(Minutes, parts[at], ref interval);
        var hours = ParseSet(Hours, parts[at + 1], ref interval);
        var ignored = false;
        var (days, dayRule, beforeLast) = ParseDayOfMonth(parts[at + 2]);
        var months = ParseSet(Months, parts[at + 3], ref ignored);
        var (weekdays, week, last) = ParseDayOfWeek(parts[at + 4]);
        return new CronFields
        {
            Seconds = seconds,
            Minutes = minutes,
            Hours = hours,
            DaysOfMonth = days,
            MonthDayRule = dayRule,
            DaysBeforeLast = beforeLast,
            Months = months,
            DaysOfWeek = weekdays,
            WeekOfMonth = week,
            LastDayOfWeek = last,
            IsInterval = interval,
        };
    }

    private static string Macro(string text) => text.ToLowerInvariant() switch
    {
        "@every_second" => "* * * * * *",
        "@every_minute" => "* * * * *",
        "@hourly" => "0 * * * *",
        "@daily" or "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" or "@annually" => "0 0 1 1 *",
        _ => throw new CronFormatException(
            $"\"{text}\" is not a macro; there are @every_second, @every_minute, @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually."),
    };

    private static (ulong Days, MonthDayRule Rule, int BeforeLast) ParseDayOfMonth(string text)
    {
        var ignored = false;
        var cursor = new Cursor(DaysOfMonth, text);
        if (cursor.Accept('L'))
        {
            var before = cursor.Accept('-') ? cursor.Number(0, 30) : 0;
            var rule = cursor.Accept('W') ? MonthDayRule.LastWeekday : MonthDayRule.Last;
            cursor.End();
            return (0, rule, before);
        }

        if (char.IsAsciiDigit(cursor.Peek))
        {
            var day = cursor.Value();
            if (cursor.Accept('W'))
            {
                cursor.End();
                return (1UL << day, MonthDayRule.NearestWeekday, 0);
            }
        }

        return (ParseSet(DaysOfMonth, text == "?" ? "*" : text, ref ignored), MonthDayRule.Set, 0);
    }

    private static (ulong Days, int Week, bool Last) ParseDayOfWeek(string text)
    {
        var ignored = false;
        var cursor = new Cursor(DaysOfWeek, text);
        if (char.IsAsciiLetterOrDigit(cursor.Peek))
        {
            var day = cursor.Value() % 7;
            if (cursor.Accept('L'))
            {
                cursor.End();
                return (1UL << day, 0, true);
            }

            if (cursor.Accept('#'))
            {
                var week = cursor.Number(1, 5);
                cursor.End();
                return (1UL << day, week, false);
            }
        }

        var days = ParseSet(DaysOfWeek, text == "?" ? "*" : text, ref ignored);
        if ((days & (1UL << 7)) != 0)
            days = (days | 1) & 0x7F;
        return (days, 0, false);
    }

    private static ulong ParseSet(Field field, string text, ref bool interval)
    {
        var cursor = new Cursor(field, text);
        ulong bits;
        if (cursor.Accept('*'))
        {
            interval = true;
            bits = Range(field, field.First, LastOf(field), cursor.Accept('/') ? cursor.Number(1, field.Last) : 1);
        }
        else
        {
            bits = ParseItem(field, ref cursor, ref interval);
            while (cursor.Accept(','))
                bits |= ParseItem(field, ref cursor, ref interval);
        }

        cursor.End();
        return bits;
    }

    private static ulong ParseItem(Field field, ref Cursor cursor, ref bool interval)
    {
        var first = cursor.Value();
        if (cursor.Accept('-'))
        {
            interval = true;
            var last = cursor.Value();
            return Range(field, first, last, cursor.Accept('/') ? cursor.Number(1, field.Last) : 1);
        }

        if (cursor.Accept('/'))
        {
            interval = true;
            return Range(field, first, Math.Max(first, LastOf(field)), cursor.Number(1, field.Last));
        }

        return 1UL << first;
    }

    // Sunday may be written as 7, but a step over the week sees it once.
    private static int LastOf(Field field) => field == DaysOfWeek ? 6 : field.Last;

    private static ulong Range(Field field, int first, int last, int step)
    {
        var bits = 0UL;
        if (first <= last)
        {
            for (var value = first; value <= last; value += step)
                bits |= 1UL << value;
            return bits;
        }

        // A reversed range goes on past the end of the field: 22-2 is late evening and early night.
        var size = LastOf(field) - field.First + 1;
        for (var value = first; value <= last + size; value += step)
            bits |= 1UL << (((value - field.First) % size) + field.First);
        return bits;
    }

    private sealed record Field(string Name, int First, int Last, string[] Names, int NamesFrom);

    private ref struct Cursor(Field field, string text)
    {
        private int _position;

        public readonly char Peek => _position < text.Length ? text[_position] : '\0';

        public bool Accept(char expected)
        {
            if (char.ToUpperInvariant(Peek) != expected)
                return false;
            _position++;
            return true;
        }

        /// <summary>A value of the field, by number or by name.</summary>
        public int Value()
        {
            if (!char.IsAsciiLetter(Peek) || field.Names.Length == 0)
                return Number(field.First, field.Last);

            for (var i = 0; i < field.Names.Length; i++)
            {
                if (string.Compare(text, _position, field.Names[i], 0, 3, StringComparison.OrdinalIgnoreCase) != 0)
                    continue;
                _position += 3;
                return i + field.NamesFrom;
            }

            throw Error($"{string.Join(", ", field.Names)} or a number from {field.First} to {field.Last}");
        }

        public int Number(int first, int last)
        {
            var start = _position;
            var value = 0;
            while (char.IsAsciiDigit(Peek) && _position - start < 4)
                value = (value * 10) + (text[_position++] - '0');
            if (_position > start && value >= first && value <= last)
                return value;
            _position = start;
            throw Error($"a number from {first} to {last}");
        }

        public readonly void End()
        {
            if (_position < text.Length)
                throw Error("the end of the field");
        }

        private readonly CronFormatException Error(string expected)
        {
            var found = _position < text.Length ? $"\"{text[_position..]}\"" : "nothing";
            return new CronFormatException($"Cron field \"{field.Name}\" is \"{text}\": expected {expected}, found {found}.");
        }
    }
}
