using System.Collections.Frozen;

namespace Automation.Expressions.Liquid.Filters;

/// <summary>What stands after a filter's colon. Missing positional arguments read as nil.</summary>
internal readonly record struct FilterArguments(object?[] Values, KeyValuePair<string, object?>[] Named)
{
    public int Count => Values.Length;

    public object? this[int index] => index < Values.Length ? Values[index] : null;

    public object? Get(string name)
    {
        foreach (var (key, value) in Named)
        {
            if (key == name)
                return value;
        }

        return null;
    }
}

internal delegate object? Filter(RenderContext context, object? input, FilterArguments arguments);

/// <summary>A filter and the arguments it takes.</summary>
internal sealed record FilterDefinition(Filter Run, int Least, int Most, params string[] Names)
{
    public string ArgumentCount => (Least, Most) switch
    {
        (0, 0) => "no arguments",
        (1, 1) => "1 argument",
        var (least, most) when least == most => $"{least} arguments",
        var (least, most) => $"{least} to {most} arguments",
    };
}

/// <summary>All filters by name.</summary>
internal static class FilterTable
{
    private static readonly FrozenDictionary<string, FilterDefinition> All = new Dictionary<string, FilterDefinition>
    {
        ["append"] = new(StringFilters.Append, 1, 1),
        ["prepend"] = new(StringFilters.Prepend, 1, 1),
        ["upcase"] = new(StringFilters.Upcase, 0, 0),
        ["downcase"] = new(StringFilters.Downcase, 0, 0),
        ["capitalize"] = new(StringFilters.Capitalize, 0, 0),
        ["strip"] = new(StringFilters.Strip, 0, 0),
        ["lstrip"] = new(StringFilters.LeftStrip, 0, 0),
        ["rstrip"] = new(StringFilters.RightStrip, 0, 0),
        ["squish"] = new(StringFilters.Squish, 0, 0),
        ["strip_newlines"] = new(StringFilters.StripNewlines, 0, 0),
        ["replace"] = new(ReplaceFilters.Replace, 1, 2),
        ["replace_first"] = new(ReplaceFilters.ReplaceFirst, 1, 2),
        ["replace_last"] = new(ReplaceFilters.ReplaceLast, 2, 2),
        ["remove"] = new(ReplaceFilters.Remove, 1, 1),
        ["remove_first"] = new(ReplaceFilters.RemoveFirst, 1, 1),
        ["remove_last"] = new(ReplaceFilters.RemoveLast, 1, 1),
        ["truncate"] = new(StringFilters.Truncate, 0, 2),
        ["truncatewords"] = new(StringFilters.TruncateWords, 0, 2),
        ["slice"] = new(StringFilters.Slice, 1, 2),
        ["split"] = new(StringFilters.Split, 1, 1),

        ["escape"] = new(HtmlFilters.Escape, 0, 0),
        ["h"] = new(HtmlFilters.Escape, 0, 0),
        ["escape_once"] = new(HtmlFilters.EscapeOnce, 0, 0),
        ["raw"] = new(HtmlFilters.Raw, 0, 0),
        ["strip_html"] = new(HtmlFilters.StripHtml, 0, 0),
        ["newline_to_br"] = new(HtmlFilters.NewlineToBr, 0, 0),

        ["url_encode"] = new(EncodingFilters.UrlEncode, 0, 0),
        ["url_decode"] = new(EncodingFilters.UrlDecode, 0, 0),
        ["base64"] = new(EncodingFilters.Base64Encode, 0, 0),
        ["base64_encode"] = new(EncodingFilters.Base64Encode, 0, 0),
        ["base64_decode"] = new(EncodingFilters.Base64Decode, 0, 0),
        ["base64_url_safe_encode"] = new(EncodingFilters.Base64UrlSafeEncode, 0, 0),
        ["base64_url_safe_decode"] = new(EncodingFilters.Base64UrlSafeDecode, 0, 0),
        ["json"] = new(EncodingFilters.Json, 0, 1),

        ["abs"] = new(NumberFilters.Abs, 0, 0),
        ["plus"] = new(NumberFilters.Plus, 1, 1),
        ["minus"] = new(NumberFilters.Minus, 1, 1),
        ["times"] = new(NumberFilters.Times, 1, 1),
        ["divided_by"] = new(NumberFilters.DividedBy, 1, 1),
        ["modulo"] = new(NumberFilters.Modulo, 1, 1),
        ["ceil"] = new(NumberFilters.Ceil, 0, 0),
        ["floor"] = new(NumberFilters.Floor, 0, 0),
        ["round"] = new(NumberFilters.Round, 0, 1),
        ["at_least"] = new(NumberFilters.AtLeast, 1, 1),
        ["at_most"] = new(NumberFilters.AtMost, 1, 1),

        ["size"] = new(ArrayFilters.Size, 0, 0),
        ["first"] = new(ArrayFilters.First, 0, 0),
        ["last"] = new(ArrayFilters.Last, 0, 0),
        ["join"] = new(ArrayFilters.Join, 0, 1),
        ["reverse"] = new(ArrayFilters.Reverse, 0, 0),
        ["concat"] = new(ArrayFilters.Concat, 1, 1),
        ["compact"] = new(ArrayFilters.Compact, 0, 1),
        ["uniq"] = new(ArrayFilters.Uniq, 0, 1),
        ["sort"] = new(ArrayFilters.Sort, 0, 1),
        ["sort_natural"] = new(ArrayFilters.SortNatural, 0, 1),
        ["keys"] = new(ArrayFilters.Keys, 0, 0),
        ["map"] = new(QueryFilters.Map, 1, 1),
        ["sum"] = new(QueryFilters.Sum, 0, 1),
        ["where"] = new(QueryFilters.Where, 1, 2),
        ["reject"] = new(QueryFilters.Reject, 1, 2),
        ["find"] = new(QueryFilters.Find, 1, 2),
        ["find_index"] = new(QueryFilters.FindIndex, 1, 2),
        ["has"] = new(QueryFilters.Has, 1, 2),
        ["group_by"] = new(QueryFilters.GroupBy, 1, 1),

        ["date"] = new(DateFilters.Date, 1, 1),
        ["time_zone"] = new(DateFilters.TimeZone, 1, 1),
        ["default"] = new(ValueFilters.Default, 0, 1, "allow_false"),
    }.ToFrozenDictionary();

    public static IEnumerable<string> Names => All.Keys;

    public static FilterDefinition? Find(string name) => All.GetValueOrDefault(name);
}
