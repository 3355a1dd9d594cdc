import java.io.File;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

/**
 * Reads a histogram log with the reference implementation and adds up the histograms of each
 * tag. Given one more argument it prints the percentile distribution of each; otherwise a
 * line: tag, lines, start of the first and end of the last in ms, count, min, max, and the
 * percentiles of a report.
 */
class ReadLog {
    static class Sum {
        Histogram histogram;
        int lines;
        long start, end;
    }

    public static void main(String[] args) throws Exception {
        Map<String, Sum> sums = new TreeMap<>();
        HistogramLogReader reader = new HistogramLogReader(new File(args[0]));
        while (reader.hasNext()) {
            Histogram h = (Histogram) reader.nextIntervalHistogram();
            if (h == null) {
                break;
            }
            Sum s = sums.computeIfAbsent(String.valueOf(h.getTag()), tag -> new Sum());
            if (s.histogram == null) {
                s.histogram = h;
                s.start = h.getStartTimeStamp();
            } else {
                s.histogram.add(h);
            }
            s.lines++;
            s.end = Math.max(s.end, h.getEndTimeStamp());
        }
        if (args.length > 1) {
            sums.forEach((tag, sum) -> {
                System.out.println("Tag=" + tag);
                sum.histogram.outputPercentileDistribution(System.out, 5, 1.0);
            });
            return;
        }
        for (Map.Entry<String, Sum> e : sums.entrySet()) {
            Sum s = e.getValue();
            Histogram h = s.histogram;
            System.out.print(e.getKey() + " " + s.lines + " " + s.start + " " + s.end + " "
                    + h.getTotalCount() + " " + h.getMinValue() + " " + h.getMaxValue());
            for (double q : new double[] {50, 90, 99, 99.9, 99.99}) {
                System.out.print(" " + h.getValueAtPercentile(q));
            }
            System.out.println();
        }
    }
}
